"""The commands ``gpucommons idle``, as far as they need no culler."""

from pathlib import Path

import httpx
import pytest
from gpucommons_config.command import main
from gpucommons_config.idle import client
from gpucommons_config.idle.explain import explained, session_path

CATALOGUE = Path(__file__).parents[3] / "hub_config" / "gpucommons_config" / "catalogue.yaml"
SAID = {
    "user": "ada@example.org",
    "server": "night",
    "verdict": "idle-held",
    "reason": "It has been idle since 2026-11-27 12:00 UTC: no cell runs.",
    "change": "Using it or keeping it cancels this.",
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
        + """    gpu-share: {action: release, release_to: cpu, under_pressure: true, keep_times: 0}
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
        "gpu: warned after 30 minutes of idleness; stopped after 1 hour; can be kept for 1 day, "
        "3 times; left alone for the first 15 minutes" in lines
    )
    assert (
        "gpu-share: warned after 1 hour of idleness; restarted as cpu after 2 hours while somebody "
        "is waiting for the size; cannot be kept; left alone for the first 15 minutes" in lines
    )
    assert "gpu in team course: idle sessions are left alone" in lines
    assert "nights (sat, sun, 20:00 to 08:00 Europe/Berlin): overrides that for size gpu" in lines


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            "    cpu: {warn_after: null}\n",
            "idle.sizes.cpu.warn_after: nothing ends without a warning",
        ),
        ("    cpu: {action: release}\n", "idle.sizes.cpu.action: release_to is missing"),
        (
            "    gpu-share: {action: release, release_to: gpu}\n",
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
    assert text.startswith(
        "ada@example.org/night: idle-held. It has been idle since 2026-11-27 12:00 UTC"
    )
    assert "It was warned and ends at 2026-11-27 13:00 UTC." in text
    assert "Rule: size gpu\n  warn_after: 30 minutes\n" in text
    assert "kernels: no cell runs (the session, counts for a limited time)" in text
    assert "gpu: required, but not measured" in text


def test_explain_tells_what_a_source_lacks_and_calls_no_step_next():
    said = {**SAID, "ends_at": None, "verdict": "kept", "troubles": ["Prometheus: it knows nobody"]}
    text = "\n".join(explained(said))
    assert "Something is not measured: Prometheus: it knows nobody." in text
    assert "next step" not in text
    said["verdict"] = "active"
    assert "The earliest time of a warning is 2026-11-27 13:00 UTC." in "\n".join(explained(said))


@pytest.fixture
def running(tmp_path, monkeypatch):
    """An installation whose culler answers what the test says."""
    (tmp_path / "token").write_text("secret\n")
    file = tmp_path / "people.yaml"
    file.write_text(
        "address: http://hub.example.org\n"
        "hub: {api_url: http://hub.example.org/hub/api, token_file: token}\n"
    )
    answers = {}

    def ask(method, url, _token, _body, **_):
        return httpx.Response(200, json=answers[method, url.partition("/services/idle/")[2]])

    monkeypatch.setattr(client, "ask", ask)
    answers["file"] = str(file)
    return answers


@pytest.mark.parametrize(
    ("troubles", "code", "says"),
    [
        ([], 0, "The culler can measure everything that it needs."),
        (["Prometheus does not measure all: it knows nobody."], 1, "it knows nobody."),
    ],
)
def test_check_without_a_file_tells_what_the_running_culler_lacks(
    running, capsys, troubles, code, says
):
    running["GET", "api/troubles"] = {"troubles": troubles}
    assert main(["idle", "check", "--config", running["file"]]) == code
    assert says in capsys.readouterr().out


def test_exempt_tells_what_is_doubtful(running, capsys):
    running["POST", "api/exemptions"] = {
        "number": 1, "scope": "team", "name": "visoin", "until": "2027-02-01T00:00:00Z",
        "by": "root", "reason": "x", "warning": "No session of the team visoin runs now.",
    }  # fmt: skip
    arguments = ["--team", "visoin", "--until", "2027-01-31", "--reason", "x"]
    assert main(["idle", "exempt", *arguments, "--config", running["file"]]) == 0
    assert "No session of the team visoin runs now." in capsys.readouterr().out


def test_a_session_s_address_is_quoted():
    assert session_path("ada lovelace/a?b") == "sessions/ada%20lovelace/a%3Fb"


def test_a_dry_run_without_a_database_of_its_own_is_refused(capsys):
    assert main(["idle", "run", "--dry-run"]) == 1
    assert "--db-url" in capsys.readouterr().err


def test_the_culler_says_which_setting_is_missing(capsys, monkeypatch):
    monkeypatch.delenv("GPUCOMMONS_VALUES", raising=False)
    assert main(["idle", "run"]) == 1
    assert "set IdleCuller.catalogue_file" in capsys.readouterr().err
