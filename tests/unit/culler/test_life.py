"""Memory and judgement together, over the life of a session, minute by minute."""

from datetime import UTC, datetime, timedelta

from gpucommons_contract import KernelActivity, SessionActivity
from gpucommons_culler.core.commitments import Countdown
from gpucommons_culler.core.decision import Action, Facts, decide
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.session import SessionKey
from gpucommons_culler.core.signals import SignalName
from gpucommons_culler.telemetry.signal_history import SignalHistory
from hypothesis import given
from hypothesis import strategies as st

MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 12, 3, tzinfo=UTC)
KEY = SessionKey("ada", "", BEGIN)
RULE = IdleRule("the default")
WARN, STOP, LIFE = 30, 60, 240  # minutes

minutes = st.sets(st.integers(0, LIFE), max_size=8)
gaps = st.sets(st.sampled_from(range(0, LIFE, 10)), max_size=3).map(
    lambda begins: {minute for begin in begins for minute in range(begin, begin + 8)}
)
"""Minutes in which nothing is measured."""


def live(worked: set[int], ran: set[int], gaps: set[int]) -> tuple[list[int], int | None]:
    """Answer when it was warned, and when it was stopped, in minutes from its start.

    In the minutes ``worked`` its processor did, and in those of ``ran`` a cell ran.
    """
    history, countdown, warned, last = SignalHistory(), None, [], None
    for minute in range(LIFE + STOP + WARN):
        now = BEGIN + minute * MINUTE
        last = minute if minute in ran else last
        if minute not in gaps:
            for name in (SignalName.PROCESSOR, SignalName.NETWORK):
                active = name is SignalName.PROCESSOR and minute in worked
                history.observe(
                    KEY, name, "the node", trusted=True, at=now, active=active, value="x"
                )
            age = None if last is None else (minute - last) * 60.0
            kernels = () if age is None else (KernelActivity("1", "a", minute == last, age),)
            history.report(KEY, SessionActivity(minute * 60.0, kernels, (), None), now)
        known = frozenset(SignalName) - {SignalName.GPU}
        facts = Facts(BEGIN, history.signals(KEY), known, countdown=countdown)
        decision = decide(facts, RULE, now)
        if decision.action is Action.WARN:
            countdown = Countdown(now, decision.next_at)
            warned.append(minute)
        elif decision.action is Action.CANCEL:
            countdown = None
        elif decision.action is Action.STOP:
            return warned, minute
    return warned, None


@given(minutes, minutes, gaps)
def test_a_session_ends_an_hour_after_its_last_use_and_never_sooner(worked, ran, gaps):
    _, stopped = live(worked, ran, gaps)
    assert stopped is not None
    looks = [minute for minute in range(stopped + 1) if minute not in gaps]
    # A cell that ran while nothing was measured shows at the next look, if that came in time.
    told = {minute for minute in ran if any(minute <= look for look in looks)}
    seen = [minute for minute in worked - gaps | told if minute <= stopped]
    assert stopped >= max(seen, default=0) + STOP


@given(minutes, minutes, gaps)
def test_it_is_stopped_only_after_an_unbroken_hour_of_watching(worked, ran, gaps):
    _, stopped = live(worked, ran, gaps)
    assert stopped is None or all(
        not set(range(begin, begin + 4)) <= gaps for begin in range(stopped - STOP, stopped - 4)
    )


@given(minutes, minutes, gaps)
def test_it_was_warned_in_time(worked, ran, gaps):
    warned, stopped = live(worked, ran, gaps)
    assert stopped is None or stopped - warned[-1] >= STOP - WARN


@given(minutes, minutes, gaps)
def test_every_session_that_is_left_is_stopped_in_the_end(worked, ran, gaps):
    _, stopped = live(worked, ran, gaps)
    last = max(worked | ran | gaps, default=0)
    assert stopped is not None
    assert stopped <= last + STOP + 5


@given(minutes, minutes, gaps, minutes, minutes)
def test_more_use_never_makes_a_life_shorter(worked, ran, gaps, more_worked, more_ran):
    _, less = live(worked, ran, gaps)
    _, more = live(worked | more_worked, ran | more_ran, gaps)
    assert less is not None
    assert more is not None
    assert more >= less
