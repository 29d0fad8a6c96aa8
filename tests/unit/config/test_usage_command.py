"""What ``gpucommons usage`` prints of an answer of accounting, and of a mistake."""

import pytest
from gpucommons_config.accounting.command import _report_lines
from gpucommons_config.command import main

_AMOUNTS = {f"{name}_gpu_hours": "1.000000" for name in ("allocated", "charged", "used", "idle")}
_TOTAL = _AMOUNTS | {
    "started": 1,
    "cost": "1.20",
    "coverage": "1",
    "efficiency": "1",
    "not_priced_gpu_hours": "0",
    "uncertain_ends": 0,
}


@pytest.mark.parametrize(
    ("hours", "money", "printed"),
    [
        ("0.250000", "0.30", "-0.25 GPU-hours, -0.30 EUR: "),
        ("-0.250000", "-0.30", "+0.25 GPU-hours, +0.30 EUR: "),
        ("0.250000", "0.00", "-0.25 GPU-hours, +0.00 EUR: "),
    ],
)
def test_a_refund_and_one_that_is_taken_back_have_one_sign(hours, money, printed):
    refund = {"effective_at": "2026-11-20T12:00:00+00:00", "person": "ada", "team": "vision"}
    refund |= {"gpu_hours": hours, "money": money, "currency": "EUR", "reason": "Node lost."}
    said = {
        "lines": [],
        "total": _TOTAL,
        "currency": "EUR",
        "as_of": "2026-11-30T12:00:00+00:00",
        "time_zone": "UTC",
        "changed_after_close": None,
        "adjustments": [refund],
        "net": {"charged_gpu_hours": "0.75", "cost": "0.90"},
    }
    (line,) = (line for line in _report_lines(said, "person") if line.startswith("Refund"))
    assert line == f"Refund of 2026-11-20 to ada: {printed}Node lost."


def test_a_catalogue_that_cannot_be_read_is_told_with_the_setting_that_names_it(
    capsys, monkeypatch, tmp_path
):
    values = tmp_path / "values.yaml"
    values.write_text(f"Accounting: {{catalogue_file: {tmp_path / 'none.yaml'}}}")
    monkeypatch.setenv("GPUCOMMONS_VALUES", str(values))
    assert main(["usage", "run", "--db-url", f"sqlite:///{tmp_path / 'records'}"]) == 1
    said = f"Accounting.catalogue_file: {tmp_path / 'none.yaml'}: cannot be read"
    assert said in capsys.readouterr().err
