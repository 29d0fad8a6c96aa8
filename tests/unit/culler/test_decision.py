"""No session that works is ended, and each decision says why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_culler.core.commitments import Countdown, Exemption, Lease
from gpucommons_culler.core.decision import OWN_WORD, Action, Decision, Facts, Verdict, decide
from gpucommons_culler.core.rule import EndAction, IdleRule
from gpucommons_culler.core.signals import FRESH, Signal, SignalName
from hypothesis import assume, event, example, given
from hypothesis import strategies as st

NOON = datetime(2026, 12, 3, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
RULE = IdleRule("the default")
ENDS = {Action.STOP, Action.RELEASE}
TRUSTED = {SignalName.PROCESSOR, SignalName.NETWORK}
"""What the node measures. Of the rest the session tells."""


def quiet(name: SignalName, since: datetime = NOON - 5 * HOUR, **changes) -> Signal:
    source = "the node" if name in TRUSTED else "the session"
    usual = Signal(name, source, name in TRUSTED, NOON, since, None, f"no {name}")
    return replace(usual, **changes)


def facts(*signals: Signal, since: datetime = NOON - 5 * HOUR, **changes) -> Facts:
    """Of an idle session, but for the signals that are given."""
    named = {signal.name for signal in signals}
    rest = [quiet(name, since) for name in SignalName if name not in named]
    return replace(Facts(NOON - 10 * HOUR, (*signals, *rest)), **changes)


def warned(ago: timedelta = 30 * MINUTE, due: timedelta = timedelta()) -> Countdown:
    return Countdown(NOON - ago, NOON + due)


# What protects whatever is measured


def test_a_session_whose_rule_never_stops_is_left_alone_and_its_warning_taken_back():
    never = replace(RULE, stop_after=None)
    assert decide(facts(), never, NOON).action is Action.NOTHING
    decision = decide(facts(countdown=warned()), never, NOON)
    assert (decision.action, decision.verdict) == (Action.CANCEL, Verdict.NEVER)


def test_an_exempt_session_is_left_alone_until_the_exemption_ends():
    exemption = Exemption(NOON + MINUTE, "Grace", "Paper deadline.")
    decision = decide(facts(countdown=warned(), exemption=exemption), RULE, NOON)
    assert (decision.action, decision.verdict) == (Action.CANCEL, Verdict.EXEMPT)
    assert decision.reason == "Grace exempted it until 2026-12-03 12:01 UTC: Paper deadline."
    assert decision.next_at == exemption.until
    over = decide(facts(exemption=exemption), RULE, exemption.until)
    assert (over.action, over.verdict) == (Action.WARN, Verdict.IDLE)


def test_a_session_may_warm_up():
    started = NOON - 14 * MINUTE
    decision = decide(facts(started=started), RULE, NOON)
    assert (decision.action, decision.verdict) == (Action.NOTHING, Verdict.WARMING_UP)
    assert decision.next_at == started + RULE.warm_up


def test_a_kept_session_is_left_alone_and_then_warned_with_full_notice():
    lease = Lease(NOON + HOUR, "ada")
    decision = decide(facts(countdown=warned(), lease=lease), RULE, NOON)
    assert (decision.action, decision.verdict) == (Action.CANCEL, Verdict.KEPT)
    assert decision.reason == "ada keeps it until 2026-12-03 13:00 UTC."
    ended = decide(facts(lease=Lease(NOON, "ada")), RULE, NOON)
    assert (ended.action, ended.next_at) == (Action.WARN, NOON + RULE.warning_time)


# Use


@pytest.mark.parametrize("name", list(SignalName))
def test_use_of_any_kind_cancels_the_countdown(name):
    signal = quiet(name, active_at=NOON, value=f"much {name}")
    decision = decide(facts(signal, countdown=warned()), RULE, NOON)
    assert (decision.action, decision.verdict) == (Action.CANCEL, Verdict.ACTIVE)
    assert decision.reason == f"It is in use: much {name} ({signal.source})."


def test_what_was_used_a_moment_ago_is_told_with_what_was_measured_then():
    """The last measurement may have seen nothing any more: 0.00 of a core is no use."""
    signal = quiet(
        SignalName.PROCESSOR,
        active_at=NOON - MINUTE,
        value="processor at 0.00 of a core",
        active_value="processor at 0.31 of a core",
    )
    assert decide(facts(signal), RULE, NOON).reason == (
        "It was in use 1 minute ago: the processor worked (the node: processor at 0.31 of a core)."
    )


def test_whose_time_is_up_reads_that_it_is_being_stopped():
    decision = decide(facts(countdown=warned()), RULE, NOON)
    assert decision.change == "Its time is up: it is being stopped."
    release = replace(RULE, action=EndAction.RELEASE, release_to="cpu")
    decision = decide(facts(countdown=warned()), release, NOON)
    assert decision.change == "Its time is up: it is being started again without a GPU."


@pytest.mark.parametrize("name", list(SignalName))
def test_nobody_is_ended_by_an_answer_of_a_while_ago(name):
    """Within the three minutes for which it will do to watch a session."""
    age = MINUTE if name not in TRUSTED else 2 * MINUTE
    old = quiet(name, measured_at=NOON - age)
    decision = decide(facts(old, countdown=warned()), RULE, NOON)
    assert decision.action is Action.NOTHING
    assert f"{name} not measured just now" in decision.reason


def test_use_some_time_ago_is_told_with_its_age():
    signal = quiet(SignalName.KERNELS, active_at=NOON - 10 * MINUTE)
    decision = decide(facts(signal), RULE, NOON)
    assert decision.reason == "It was in use 10 minutes ago: a cell ran (the session)."
    assert decision.next_at == NOON + 20 * MINUTE


def test_a_session_in_use_is_called_so_although_other_signals_are_missing():
    kernel = quiet(SignalName.KERNELS, active_at=NOON)
    alone = Facts(NOON - 10 * HOUR, (kernel,))
    assert decide(alone, RULE, NOON).verdict is Verdict.ACTIVE


def test_a_gpu_that_works_by_one_source_outweighs_zeros_of_another():
    zeros = quiet(SignalName.GPU, source="DCGM", trusted=True)
    session = quiet(SignalName.GPU, active_at=NOON)
    decision = decide(facts(zeros, session, countdown=warned()), RULE, NOON)
    assert decision.verdict is Verdict.ACTIVE


# What is not known


@pytest.mark.parametrize("name", list(SignalName))
def test_a_signal_that_is_missing_stops_nothing_and_is_named(name):
    rest = tuple(quiet(each) for each in SignalName if each is not name)
    decision = decide(Facts(NOON - 10 * HOUR, rest, countdown=warned()), RULE, NOON)
    assert (decision.action, decision.verdict) == (Action.CANCEL, Verdict.UNKNOWN)
    assert f"{name} not measured" in decision.reason


@pytest.mark.parametrize("age", [FRESH + SECOND, -FRESH - SECOND, 400 * 24 * HOUR])
def test_a_measurement_that_is_old_or_of_the_future_stops_nothing(age):
    signal = quiet(SignalName.PROCESSOR, measured_at=NOON - age)
    decision = decide(facts(signal, countdown=warned()), RULE, NOON)
    assert (decision.action, decision.verdict) == (Action.CANCEL, Verdict.UNKNOWN)


def test_of_two_sources_one_that_is_fresh_is_enough():
    crashed = quiet(SignalName.GPU, source="DCGM", trusted=True, measured_at=NOON - HOUR)
    session = quiet(SignalName.GPU)
    assert decide(facts(crashed, session, countdown=warned()), RULE, NOON).action is Action.STOP


def test_after_a_gap_it_is_watched_for_the_whole_time_again():
    since = NOON - 29 * MINUTE
    decision = decide(facts(quiet(SignalName.NETWORK, since), countdown=warned()), RULE, NOON)
    assert (decision.action, decision.verdict) == (Action.CANCEL, Verdict.UNKNOWN)
    assert decision.next_at == NOON + MINUTE


def test_a_signal_that_is_not_required_may_be_missing():
    rest = tuple(quiet(each) for each in SignalName if each is not SignalName.GPU)
    known = Facts(NOON - 10 * HOUR, rest, frozenset(SignalName) - {SignalName.GPU})
    assert decide(known, RULE, NOON).action is Action.WARN


def test_a_session_of_which_nothing_is_known_is_never_stopped():
    nothing = Facts(NOON - 10 * HOUR, (), frozenset(), countdown=warned())
    at_once = replace(RULE, warn_after=timedelta(), stop_after=SECOND)
    assert decide(nothing, at_once, NOON).action is Action.CANCEL


# Idle: warned, then ended


def test_an_idle_session_is_warned_on_the_minute():
    assert decide(facts(since=NOON - 30 * MINUTE + SECOND), RULE, NOON).action is Action.NOTHING
    decision = decide(facts(since=NOON - 30 * MINUTE), RULE, NOON)
    assert (decision.action, decision.verdict) == (Action.WARN, Verdict.IDLE)
    assert decision.idle_since == NOON - 30 * MINUTE
    assert decision.next_at == NOON + 30 * MINUTE
    assert decision.reason == (
        "It has been idle since 2026-12-03 11:30 UTC: no gpu, no processor, no network, "
        "no kernels, no terminals and no editing."
    )


def test_a_session_is_warned_on_the_minute_after_its_last_use():
    used = quiet(SignalName.KERNELS, active_at=NOON - 30 * MINUTE)
    assert decide(facts(used), RULE, NOON - SECOND).verdict is Verdict.ACTIVE
    assert decide(facts(used), RULE, NOON).action is Action.WARN


def test_one_that_was_idle_for_longer_is_warned_with_full_notice():
    assert decide(facts(), RULE, NOON).next_at == NOON + RULE.warning_time


def test_a_warned_session_has_until_its_time_is_up():
    idle = facts(since=NOON - HOUR, countdown=warned(due=SECOND))
    assert decide(idle, RULE, NOON).action is Action.NOTHING
    decision = decide(idle, RULE, NOON + SECOND)
    assert (decision.action, decision.next_at) == (Action.STOP, NOON + SECOND)


def test_it_goes_on_in_another_size_if_the_rule_says_so():
    release = replace(RULE, action=EndAction.RELEASE, release_to="cpu")
    assert decide(facts(countdown=warned()), release, NOON).action is Action.RELEASE


def test_memory_that_is_held_is_no_use_but_is_told():
    assert decide(facts(gpu_memory=2**30), RULE, NOON).verdict is Verdict.IDLE_HELD
    assert decide(facts(gpu_memory=0), RULE, NOON).verdict is Verdict.IDLE


def test_use_after_the_warning_that_was_seen_late_cancels_it():
    signal = quiet(SignalName.EDITING, active_at=NOON - 35 * MINUTE)
    decision = decide(facts(signal, countdown=warned(ago=40 * MINUTE)), RULE, NOON)
    assert (decision.action, decision.verdict) == (Action.CANCEL, Verdict.IDLE)


def test_a_rule_that_became_longer_is_waited_for():
    longer = replace(RULE, stop_after=4 * HOUR)
    idle = facts(since=NOON - HOUR, countdown=warned())
    decision = decide(idle, longer, NOON)
    assert (decision.action, decision.next_at) == (Action.NOTHING, NOON + 3 * HOUR)


def test_a_rule_that_gives_more_notice_by_now_is_followed():
    idle = facts(countdown=warned(ago=10 * MINUTE))
    decision = decide(idle, RULE, NOON)
    assert (decision.action, decision.next_at) == (Action.NOTHING, NOON + 20 * MINUTE)


def test_a_rule_that_became_shorter_does_not_break_what_was_announced():
    shorter = replace(RULE, warn_after=MINUTE, stop_after=2 * MINUTE)
    idle = facts(countdown=warned(due=10 * MINUTE))
    assert decide(idle, shorter, NOON).action is Action.NOTHING


def test_a_rule_of_no_time_at_all_still_warns_first():
    at_once = replace(RULE, warn_after=timedelta(), stop_after=timedelta())
    assert decide(facts(), at_once, NOON).action is Action.WARN
    assert decide(facts(countdown=warned(ago=SECOND)), at_once, NOON).action is Action.STOP


# Under pressure


def test_under_pressure_only_it_is_left_alone_while_nobody_waits():
    gentle = replace(RULE, under_pressure=True)
    assert decide(facts(), gentle, NOON).action is Action.NOTHING
    decision = decide(facts(countdown=warned()), gentle, NOON)
    assert (decision.action, decision.verdict) == (Action.CANCEL, Verdict.IDLE)
    assert "once somebody is waiting" in decision.change


def test_when_somebody_waits_it_is_warned_with_full_notice():
    decision = decide(facts(waiting=1), replace(RULE, under_pressure=True), NOON)
    assert (decision.action, decision.next_at) == (Action.WARN, NOON + RULE.warning_time)


# What a session says of itself


def test_a_session_that_says_for_ever_that_it_works_is_ended_past_the_bound():
    seen = NOON - 13 * HOUR
    claims = [quiet(name, seen, active_at=None if name in TRUSTED else NOON) for name in SignalName]
    long_ago = facts(*claims, started=NOON - 20 * HOUR)
    assert decide(long_ago, RULE, NOON - HOUR + 29 * MINUTE).verdict is Verdict.ACTIVE
    decision = decide(long_ago, RULE, NOON)
    assert (decision.action, decision.idle_since) == (Action.WARN, NOON - HOUR)
    assert decide(replace(long_ago, countdown=warned()), RULE, NOON).action is Action.STOP


def test_what_a_session_says_counts_within_the_bound():
    kernel = quiet(SignalName.KERNELS, NOON - 12 * HOUR, active_at=NOON)
    assert decide(facts(kernel, since=NOON - 12 * HOUR), RULE, NOON).verdict is Verdict.ACTIVE


def test_who_types_is_not_ended_where_nobody_may_keep_a_session():
    types = quiet(SignalName.EDITING, active_at=NOON - MINUTE)
    never_kept = replace(RULE, keep_at_most=timedelta(), keep_times=0)
    assert decide(facts(types), never_kept, NOON).verdict is Verdict.ACTIVE


def test_a_longer_keeping_lengthens_what_a_session_says():
    seen = NOON - 20 * HOUR
    kernel = quiet(SignalName.KERNELS, seen, active_at=NOON)
    generous = replace(RULE, keep_at_most=24 * HOUR)
    assert decide(facts(kernel, since=seen), RULE, NOON).action is Action.WARN
    assert decide(facts(kernel, since=seen), generous, NOON).verdict is Verdict.ACTIVE


def test_what_the_platform_measures_counts_for_ever():
    started = NOON - 400 * 24 * HOUR
    works = quiet(SignalName.PROCESSOR, started, active_at=NOON)
    assert decide(facts(works, since=started), RULE, NOON).verdict is Verdict.ACTIVE


def test_a_session_cannot_hide_for_ever_behind_gaps_in_what_it_says():
    since = NOON - 20 * HOUR
    anew = [quiet(name, since if name in TRUSTED else NOON) for name in SignalName]
    assert decide(facts(*anew), RULE, NOON).action is Action.WARN


# Properties: whatever is measured, and whatever the rule

moments = st.integers(-48 * 60, 3 * 60).map(lambda minutes: NOON + minutes * MINUTE)
any_moment = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
spans = st.integers(0, 24 * 60).map(lambda minutes: minutes * MINUTE)
measured = st.sampled_from((0, 1, 3, 4, 90, -1, -4)).map(lambda minutes: NOON - minutes * MINUTE)


def signals_of(when, measured_at) -> st.SearchStrategy[Signal]:
    return st.builds(
        Signal,
        st.sampled_from(SignalName),
        st.sampled_from(("the node", "DCGM", "the session")),
        st.booleans(),
        measured_at=measured_at,
        watched_since=when,
        active_at=st.none() | when,
        value=st.text(max_size=5),
    )


def facts_of(when, measured_at) -> st.SearchStrategy[Facts]:
    required = st.frozensets(st.sampled_from(SignalName))
    return st.builds(
        Facts,
        started=when,
        signals=st.lists(signals_of(when, measured_at), max_size=8).map(tuple),
        required=required,
        gpu_memory=st.none() | st.integers(0, 3),
        waiting=st.integers(0, 2),
        lease=st.none() | st.builds(Lease, when, st.just("ada")),
        exemption=st.none() | st.builds(Exemption, when, st.just("grace"), st.just("x")),
        countdown=st.none() | st.builds(Countdown, when, when),
    )


def rules_of(length) -> st.SearchStrategy[IdleRule]:
    return st.builds(
        IdleRule,
        st.just("a rule"),
        warn_after=length,
        stop_after=st.none() | length,
        keep_at_most=length,
        warm_up=length,
        action=st.sampled_from(EndAction),
        under_pressure=st.booleans(),
    )


some_facts = facts_of(moments, measured)
some_rules = rules_of(spans)

idle_moments = st.integers(60, 48 * 60).map(lambda minutes: NOON - minutes * MINUTE)
nearly_idle = st.builds(
    lambda since, extra, countdown: facts(*extra, since=since, countdown=countdown),
    idle_moments,
    st.lists(signals_of(idle_moments, st.just(NOON)), max_size=2),
    st.builds(Countdown, idle_moments, idle_moments),
)
"""Sessions of which a good part is to be ended, so that properties of an end are not empty."""
probable = some_facts | nearly_idle
usual_rules = st.just(RULE) | some_rules


@given(
    facts_of(any_moment, any_moment),
    rules_of(st.timedeltas(timedelta(), timedelta(days=3650))),
    any_moment,
)
def test_every_session_gets_a_decision_with_a_reason(known, rule, now):
    decision = decide(known, rule, now)
    assert isinstance(decision, Decision)
    assert decision.reason.strip()
    assert decision.change.strip()


@given(probable, usual_rules)
def test_the_same_facts_give_the_same_decision(known, rule):
    assert decide(known, rule, NOON) == decide(known, rule, NOON)


def ended(known: Facts, rule: IdleRule, now: datetime = NOON) -> bool:
    ends = decide(known, rule, now).action in ENDS
    event("ended" if ends else "not ended")
    return ends


@given(probable, usual_rules)
@example(facts(countdown=warned()), RULE)
def test_only_a_warned_session_is_ended_when_its_time_is_up(known, rule):
    if ended(known, rule):
        assert known.countdown is not None
        assert known.countdown.stop_at <= NOON
        assert NOON - known.countdown.warned_at >= rule.warning_time


@given(probable, usual_rules)
@example(facts(countdown=warned()), RULE)
def test_only_a_session_that_is_known_to_be_quiet_for_the_whole_time_is_ended(known, rule):
    if not ended(known, rule):
        return
    trusted = [each.quiet_since for each in known.signals if each.trusted]
    bound = max(trusted) + max(rule.keep_at_most, OWN_WORD) if trusted else None
    fresh = {s.name for s in known.signals if timedelta() <= abs(NOON - s.measured_at) <= FRESH}
    assert known.required <= fresh
    for signal in known.signals:
        since = signal.quiet_since
        if bound is not None and not signal.trusted:
            since = min(since, bound)
        assert NOON - since >= rule.stop_after
        assert known.countdown is not None
        assert since <= known.countdown.warned_at


@given(probable, usual_rules, st.sampled_from(SignalName), st.booleans(), st.integers(0, 999))
def test_a_session_that_works_is_never_ended(known, rule, name, trusted, thousandths):
    assume(rule.warn_after)
    ago = rule.warn_after * thousandths / 1000
    works = replace(quiet(name), trusted=trusted, active_at=NOON - ago)
    known = replace(known, signals=(*known.signals, works))
    seen = [each.quiet_since for each in known.signals if each.trusted]
    beyond = not trusted and seen and NOON - ago > max(seen) + max(rule.keep_at_most, OWN_WORD)
    assert beyond or not ended(known, rule)


@given(probable, usual_rules, st.sampled_from(SignalName))
def test_what_is_unknown_is_never_ended(known, rule, name):
    without = tuple(each for each in known.signals if each.name is not name)
    required = known.required | {name}
    assert not ended(replace(known, signals=without, required=required), rule)


@given(probable, usual_rules, st.integers(1, 600))
def test_who_is_kept_exempt_or_warming_up_is_never_ended(known, rule, minutes):
    later = NOON + minutes * MINUTE
    assert not ended(replace(known, lease=Lease(later, "ada")), rule)
    assert not ended(replace(known, exemption=Exemption(later, "grace", "x")), rule)
    warm = replace(rule, warm_up=minutes * MINUTE)
    assert not ended(replace(known, started=NOON - minutes * MINUTE + SECOND), warm)


@given(probable, usual_rules, st.integers(0, 7), moments)
def test_more_activity_never_ends_a_session_sooner(known, rule, number, at):
    assume(known.signals)
    index = number % len(known.signals)
    signal = known.signals[index]
    later = replace(signal, active_at=max(at, signal.active_at or at))
    more = (*known.signals[:index], later, *known.signals[index + 1 :])
    if ended(replace(known, signals=more), rule):
        assert ended(known, rule)


@given(probable, usual_rules)
def test_a_warning_comes_at_least_its_notice_before_the_end(known, rule):
    decision = decide(replace(known, countdown=None), rule, NOON)
    if decision.action is not Action.WARN:
        assert decision.action is Action.NOTHING
        return
    assert decision.next_at is not None
    assert decision.idle_since is not None
    assert decision.next_at >= NOON + rule.warning_time
    assert decision.next_at >= decision.idle_since + rule.stop_after


@given(probable, usual_rules)
def test_a_warning_that_no_longer_holds_is_taken_back(known, rule):
    assume(known.countdown)
    decision = decide(known, rule, NOON)
    assert decision.action is not Action.WARN
    if decision.action is Action.NOTHING:
        assert decision.verdict in {Verdict.IDLE, Verdict.IDLE_HELD}
        assert decision.next_at > NOON
