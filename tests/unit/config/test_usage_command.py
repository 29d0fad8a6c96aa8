"""What ``gpucommons usage`` prints of an answer of accounting, and of a mistake."""

import pytest
from gpucommons_config.accounting.command import _report_lines
from gpucommons_config.accounting.pilot_lines import pilot_lines
from gpucommons_config.accounting.replay_lines import replay_lines
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


def test_a_pilot_s_checklist_has_no_line_for_what_was_not_measured_and_none_of_few_ratings():
    few = {"rated": 2, "not_used": 1, "median": None, "distribution": None}
    many = {"rated": 5, "not_used": 0, "median": 4.0, "distribution": {"3": 2, "4": 3}}
    starts = dict.fromkeys(("failed", "refused", "given_up"), 0) | {"asked": 2, "ready": 2}
    lengths = {name: {"seconds": 90, "at_least": name == "p95"} for name in ("p50", "p95")}
    topics = [
        ("gpu-sessions", "GPUs", starts | lengths, "how fast", many),
        ("files", "Files", None, "restores", few),
    ]
    names = ("topic", "title", "measured", "not_measured", "answers")
    said = {
        "quarter": "2026-Q4",
        "people": 5,
        "shown_from": 5,
        "topics": [dict(zip(names, each, strict=True)) for each in topics],
        "texts": ["Fine.\nThank you."],
    }
    assert list(pilot_lines(said)) == [
        "2026-Q4: answered by 5",
        "",
        "GPUs",
        "  Starts with a GPU: asked 2, ready 2, failed 0, refused 0, given up 0",
        "  From Start to ready: half within 1 minute 30 seconds, "
        "95 of 100 within at least 1 minute 30 seconds",
        "  Not measured: how fast",
        "  Answered: 5 rated it, 0 have not used it, median 4, 3: 2, 4: 3",
        "",
        "Files",
        "  Not measured: restores",
        "  Answered: 2 rated it, 1 have not used it, ratings are shown from 5 people on",
        "",
        "> Fine.",
        "> Thank you.",
    ]


def test_a_replay_of_which_little_is_known_says_what_is_not():
    nothing = {"starts": 0, "waited": 0, "in_vain": 0, "p50": None, "p95": None}
    said = dict.fromkeys(("recorded", "replayed", "with_more"), nothing) | {
        "product": "H100",
        "more": 2,
        "gpus": None,
        "coverage": "0.0000",
        "assumed_lengths": [],
        "assumed_products": 0,
        "joined": 0,
        "left_out": 3,
        "refused": {"quota": 1},
        "assumptions": ["First come, first served."],
    }
    assert list(replay_lines(said)) == [
        "No start in that time is known to have been for H100.",
        "What it rests on:",
        "- Which H100 there were is not known: there was what sessions held.",
        "- Starts left out, as nobody knows for which product or for how long: 3.",
        "- Refused by quota, and not replayed: 1.",
        "- First come, first served.",
    ]
