"""What the page "My sessions" says of a session's idle time, from the culler's own answers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gpucommons_culler.core.case import Case
from gpucommons_culler.core.commitments import Countdown, Exemption, KeepUsage, Lease
from gpucommons_culler.core.decision import Facts, decide
from gpucommons_culler.core.rule import EndAction, IdleRule
from gpucommons_culler.core.session import Session, SessionKey
from gpucommons_culler.core.signals import Signal, SignalName
from gpucommons_culler.web.responses import session_json
from gpucommons_spawner.picker.idleness import NOT_KNOWN, idleness

NOW = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RULE = IdleRule("of the test", warn_after=30 * MINUTE, stop_after=HOUR)


def _said(quiet: timedelta, rule: IdleRule = RULE, **facts: Any) -> dict[str, Any]:
    started = facts.pop("started", NOW - 24 * HOUR)
    used = NOW - quiet
    signal = Signal(SignalName.GPU, "DCGM", True, NOW, started, used, "0 %", used)
    required = frozenset({SignalName.GPU})
    known = Facts(started=started, signals=(signal,), required=required, **facts)
    session = Session(SessionKey("ada", "", started), "/user/ada/", "vision", "scipy", "1", "gpu")
    case = Case(session, rule, known, decide(known, rule, NOW), KeepUsage(0, timedelta()), NOW)
    return session_json(case)


def _words(*given: Any, **facts: Any) -> str:
    return idleness(_said(*given, **facts), NOW).sentence


WARNED = Countdown(NOW - 10 * MINUTE, NOW + 20 * MINUTE)


def test_it_is_in_use_or_was_used_lately():
    assert _words(MINUTE) == "In use."
    assert _words(20 * MINUTE) == (
        "Last used at 2026-11-27 14:10 UTC; it will be stopped at 2026-11-27 15:10 UTC unless it "
        "is used."
    )


@pytest.mark.parametrize("countdown", [None, WARNED], ids=["to be warned", "warned"])
def test_an_idle_one_says_since_when_and_until_when_and_can_be_kept(countdown):
    found = idleness(_said(40 * MINUTE, countdown=countdown), NOW)
    assert found.sentence.startswith("Idle since 2026-11-27 13:50 UTC; it will be stopped at 2026")
    assert found.sentence.endswith("UTC unless it is used.")
    assert found.ends


def test_what_is_released_starts_again():
    rule = replace(RULE, action=EndAction.RELEASE, release_to="cpu")
    words = _words(40 * MINUTE, rule, countdown=WARNED)
    assert "; it will start again without its GPU at 2026-11-27 14:50 UTC unless" in words


def test_under_pressure_alone_nothing_is_announced():
    rule = replace(RULE, under_pressure=True)
    assert _words(20 * MINUTE, rule) == "Last used at 2026-11-27 14:10 UTC."
    assert _words(40 * MINUTE, rule) == (
        "Idle since 2026-11-27 13:50 UTC. It is warned once somebody is waiting for its size."
    )


def test_what_is_spared_says_so():
    at = NOW + HOUR
    assert _words(40 * MINUTE, replace(RULE, stop_after=None)) == (
        "It is not stopped for being idle."
    )
    assert _words(40 * MINUTE, lease=Lease(at, "ada")).startswith("Kept until 2026-11-27 15:30 UTC")
    assert _words(40 * MINUTE, exemption=Exemption(at, "root", "Paper")) == (
        "It is not stopped for being idle until 2026-11-27 15:30 UTC."
    )
    assert _words(MINUTE, started=NOW - 5 * MINUTE) == (
        "It has just started; idle time counts from 2026-11-27 14:40 UTC."
    )


def test_what_is_unknown_is_said_in_the_culler_s_words():
    said = _said(40 * MINUTE) | {"verdict": "unknown", "reason": "GPU not measured."}
    assert idleness(said, NOW).sentence == "GPU not measured."


@pytest.mark.parametrize("said", [None, {}, {"verdict": "idle", "rule": {}, "next_at": "never"}])
def test_without_an_answer_that_can_be_read_it_is_not_known(said):
    assert idleness(said, NOW) == NOT_KNOWN
