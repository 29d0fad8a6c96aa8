"""The commands ``gpucommons idle``, as far as they need no culler."""

from pathlib import Path

import pytest
from gpucommons_config.command import main
from gpucommons_config.idle_explain import explained, session_path

CATALOGUE = Path(__file__).parents[3] / "hub_config" / "gpucommons_config" / "catalogue.yaml"
SAID = {
    "user": "ada@example.org",
    "server": "night",
    "state": "idle-held",
    "reason": "It has been idle since 12:00 UTC: no cell runs.",
    "change": "Any use, or keeping it, cancels that.",
    "ends_at": "2026-11-27T13:00:00+00:00",
    "next_at": "2026-11-27T13:00:00+00:00",
    "size": "gpu",
    "team": "vision",
    "gpus": "1",
    "rule": {"name": "size gpu", "warn_after_minutes": 30.0, "release_to": None},
    "signals": [
        {
            "name": "kernels",
            "source": "the session",
            "trusted": False,
            "measured_at": "2026-11-27T12:45:00+00:00",
            "watched_since": "2026-11-27T09:00:00+00:00",
            "active_at": None,
            "value": "no cell runs",
        }
    ],
    "required": ["gpu", "kernels"],
    "silence": None,
}


def test_check_tells_what_the_rules_come_to(tmp_path, capsys):
    file = tmp_path / "catalogue.yaml"
    file.write_text(
        CATALOGUE.read_text()
        + """    gpu-share: {ending: release, release_to: cpu, under_pressure: true, keep_times: 0}
  teams:
    course: {stop_after: null}
  schedules:
    - name: nights
      hours: {days: [sat, sun], begin: "20:00", end: "08:00", time_zone: Europe/Berlin}
      sizes: [gpu]
      rule: {warn_after: 10m, stop_after: 20m}
"""
    )
    assert main(["idle", "check", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        "gpu: idle for 30 minutes they are warned, for 1 hour they end; can be kept for 1 day, "
        "3 times; left alone for the first 15 minutes" in lines
    )
    assert (
        "gpu-share: idle for 1 hour they are warned, for 2 hours they go on as cpu while somebody "
        "waits for the size; cannot be kept; left alone for the first 15 minutes" in lines
    )
    assert "gpu in team course: idle sessions are left alone" in lines
    assert "nights (sat, sun, 20:00 to 08:00 Europe/Berlin): goes over that for size gpu" in lines


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            "    cpu: {warn_after: null}\n",
            "idle.sizes.cpu.warn_after: nothing ends without a warning",
        ),
        ("    cpu: {ending: release}\n", "idle.sizes.cpu.ending: release_to is missing"),
        (
            "    gpu-share: {ending: release, release_to: gpu}\n",
            "idle.sizes.gpu-share.release_to: gpu has a GPU; name a size without one",
        ),
        ("    cpu: {stop_after: 1y}\n", "must be a duration such as 90s, 30m, 12h or 7d"),
    ],
)
def test_check_names_a_mistake_with_line_and_key(tmp_path, capsys, more, words):
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE.read_text() + more)
    assert main(["idle", "check", str(file)]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert error.startswith(f"{file}:{len(file.read_text().splitlines())}: ")


def test_explain_names_what_is_known_what_is_missing_and_the_rule():
    text = "\n".join(explained(SAID))
    assert text.startswith("ada@example.org/night: idle-held. It has been idle since 12:00 UTC")
    assert "It is warned, and ends at 2026-11-27 13:00:00 UTC." in text
    assert "Rule: size gpu\n  warn_after: 30 minutes\n" in text
    assert "kernels: no cell runs (the session, counts up to a bound)" in text
    assert "gpu: not measured, and needed" in text


def test_a_session_s_address_is_quoted():
    assert session_path("ada lovelace/a?b") == "sessions/ada%20lovelace/a%3Fb"


def test_a_dry_run_without_a_database_of_its_own_is_refused(capsys):
    assert main(["idle", "run", "--dry-run"]) == 1
    assert "--db-url" in capsys.readouterr().err


def test_the_culler_says_which_setting_is_missing(capsys, monkeypatch):
    monkeypatch.delenv("GPUCOMMONS_VALUES", raising=False)
    assert main(["idle", "run"]) == 1
    assert "set IdleCuller.catalogue_file" in capsys.readouterr().err
