"""Readings become signals that never claim to know more than was watched."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_contract import GPUActivity, KernelActivity, SessionActivity, TerminalActivity
from gpucommons_culler.core.session import SessionKey
from gpucommons_culler.core.signals import (
    FRESH,
    THE_SESSION,
    Signal,
    SignalName,
    from_json,
    to_json,
)
from gpucommons_culler.telemetry.signal_history import SignalHistory
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 12, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
ADA = SessionKey("ada", "", NOON - HOUR)
BOB = SessionKey("bob", "", NOON - HOUR)
NOTHING_RUNS = SessionActivity(started=3600, kernels=(), terminals=(), editing=None)


def sample(
    history: SignalHistory, at: datetime, active: bool = False, source: str = "the node"
) -> Signal:
    history.observe(
        ADA, SignalName.PROCESSOR, source, trusted=True, at=at, active=active, value="1 % at most"
    )
    return next(each for each in history.signals(ADA) if each.source == source)


def tell(
    history: SignalHistory, at: datetime, activity: SessionActivity
) -> dict[SignalName, Signal]:
    history.report(ADA, activity, at)
    return {each.name: each for each in history.signals(ADA) if each.source == THE_SESSION}


def kernel(busy: bool = False, last: float = 600, name: str = "train.ipynb") -> KernelActivity:
    return KernelActivity("1", name, busy, last)


def terminal(busy: bool, program: str | None = "python", last: float = 600) -> TerminalActivity:
    return TerminalActivity("1", busy, program, last)


def test_a_sampled_source_is_watched_from_its_first_sample():
    history = SignalHistory()
    first = sample(history, NOON)
    assert (first.watched_since, first.active_at, first.trusted) == (NOON, None, True)
    later = sample(history, NOON + MINUTE)
    assert (later.watched_since, later.measured_at) == (NOON, NOON + MINUTE)


def test_a_sample_with_activity_is_remembered_through_quiet_ones():
    history = SignalHistory()
    sample(history, NOON, active=True)
    assert sample(history, NOON + MINUTE).active_at == NOON


def test_what_was_measured_at_the_last_use_is_remembered_through_quiet_samples():
    history = SignalHistory()
    for at, active, value in ((NOON, True, "much"), (NOON + MINUTE, False, "little")):
        history.observe(
            ADA, SignalName.GPU, "DCGM", trusted=True, at=at, active=active, value=value
        )
    (signal,) = history.signals(ADA)
    assert (signal.value, signal.active_value) == ("little", "much")
    assert from_json(to_json([signal])) == (signal,)


def test_after_three_minutes_it_is_still_watched_without_a_gap():
    history = SignalHistory()
    sample(history, NOON)
    assert sample(history, NOON + FRESH).watched_since == NOON


def test_after_a_longer_gap_it_is_watched_anew():
    history = SignalHistory()
    sample(history, NOON, active=True)
    after = NOON + FRESH + SECOND
    again = sample(history, after)
    assert (again.watched_since, again.quiet_since) == (after, after)
    assert again.active_at == NOON


def test_a_clock_that_steps_back_makes_it_watched_anew_and_forgets_the_future():
    history = SignalHistory()
    sample(history, NOON, active=True)
    back = sample(history, NOON - HOUR)
    assert (back.watched_since, back.measured_at, back.active_at) == (NOON - HOUR,) * 2 + (None,)


def test_samples_a_little_out_of_order_lose_nothing():
    history = SignalHistory()
    sample(history, NOON)
    sample(history, NOON + MINUTE, active=True)
    late = sample(history, NOON + MINUTE - SECOND, active=True)
    assert (late.watched_since, late.measured_at) == (NOON, NOON + MINUTE)
    assert late.active_at == NOON + MINUTE


def test_two_sources_of_one_name_are_kept_apart():
    history = SignalHistory()
    sample(history, NOON)
    sample(history, NOON, active=True, source="another node")
    assert [each.active_at for each in history.signals(ADA)] == [None, NOON]


def test_a_session_is_known_back_to_its_start_at_first_sight():
    said = tell(SignalHistory(), NOON, replace(NOTHING_RUNS, kernels=(kernel(),), editing=60.0))
    assert {each.watched_since for each in said.values()} == {NOON - HOUR}
    assert not any(each.trusted for each in said.values())
    assert said[SignalName.KERNELS].active_at == NOON - 10 * MINUTE
    assert said[SignalName.TERMINALS].active_at is None
    assert said[SignalName.EDITING].active_at == NOON - MINUTE
    assert SignalName.GPU not in said


@pytest.mark.parametrize(
    ("kernels", "value", "last"),
    [
        ((), "no cell runs", None),
        ((kernel(),), "no cell runs", NOON - 10 * MINUTE),
        ((kernel(), kernel(last=60)), "no cell runs", NOON - MINUTE),
        ((kernel(busy=True), kernel()), "train.ipynb runs a cell", NOON),
        ((kernel(busy=True),) * 3, "train.ipynb and 2 more run cells", NOON),
    ],
)
def test_a_kernel_that_runs_a_cell_is_active_now_however_long_ago_that_began(kernels, value, last):
    said = tell(SignalHistory(), NOON, replace(NOTHING_RUNS, kernels=kernels))[SignalName.KERNELS]
    assert (said.value, said.active_at) == (value, last)


@pytest.mark.parametrize(
    ("terminals", "value", "last"),
    [
        ((), "no terminal is used", None),
        ((terminal(busy=False),), "no terminal is used", NOON - 10 * MINUTE),
        ((terminal(busy=True),), "python runs in a terminal", NOON),
        ((terminal(busy=True, program=None),), "1 runs in a terminal", NOON),
        ((terminal(busy=True),) * 2, "python and 1 more run in terminals", NOON),
    ],
)
def test_a_silent_program_in_a_terminal_is_active_now(terminals, value, last):
    said = tell(SignalHistory(), NOON, replace(NOTHING_RUNS, terminals=terminals))[
        SignalName.TERMINALS
    ]
    assert (said.value, said.active_at) == (value, last)


@pytest.mark.parametrize("program", ["watch", "htop", "nvidia-smi"])
def test_a_display_that_is_left_open_is_no_use_although_it_writes(program):
    displays = (terminal(busy=True, program=program, last=0),)
    said = tell(SignalHistory(), NOON, replace(NOTHING_RUNS, terminals=displays))[
        SignalName.TERMINALS
    ]
    assert (said.value, said.active_at) == ("no terminal is used", None)
    both = (*displays, terminal(busy=True))
    said = tell(SignalHistory(), NOON, replace(NOTHING_RUNS, terminals=both))[SignalName.TERMINALS]
    assert (said.value, said.active_at) == ("python runs in a terminal", NOON)


def test_terminals_that_cannot_be_looked_at_are_not_measured():
    assert SignalName.TERMINALS not in tell(
        SignalHistory(), NOON, replace(NOTHING_RUNS, terminals=None)
    )


def test_a_name_of_a_session_is_shortened_and_has_no_control_characters():
    name = "\n\x1b[31m" + "x" * 500
    kernels = (kernel(busy=True, name=name),)
    value = tell(SignalHistory(), NOON, replace(NOTHING_RUNS, kernels=kernels))[
        SignalName.KERNELS
    ].value
    assert value.isprintable()
    assert len(value) < 80


def test_the_gpu_is_known_as_far_back_as_the_session_read_it():
    gpu = GPUActivity(watched=7200, last=1800, utilization=2.4, memory=10)
    said = tell(SignalHistory(), NOON, replace(NOTHING_RUNS, gpu=gpu))[SignalName.GPU]
    assert (said.watched_since, said.active_at) == (NOON - 2 * HOUR, NOON - HOUR / 2)
    assert said.value == "GPU at most 2 % in the last hour"


def test_a_gap_in_the_sessions_own_reading_is_a_gap_here():
    history = SignalHistory()
    gpu = GPUActivity(watched=7200, last=None, utilization=0, memory=0)
    tell(history, NOON, replace(NOTHING_RUNS, gpu=gpu))
    again = replace(NOTHING_RUNS, gpu=replace(gpu, watched=10))
    said = tell(history, NOON + MINUTE, again)[SignalName.GPU]
    assert said.quiet_since == NOON + MINUTE - 10 * SECOND
    assert said.value == "GPU at most 0 % in the last 10 seconds"


def test_what_a_session_leaves_out_grows_old():
    history = SignalHistory()
    gpu = GPUActivity(watched=7200, last=None, utilization=0, memory=0)
    tell(history, NOON, replace(NOTHING_RUNS, gpu=gpu))
    said = tell(history, NOON + MINUTE, NOTHING_RUNS)
    assert said[SignalName.GPU].measured_at == NOON
    assert said[SignalName.KERNELS].measured_at == NOON + MINUTE


def test_a_session_cannot_take_back_what_it_said():
    history = SignalHistory()
    tell(history, NOON, replace(NOTHING_RUNS, editing=0.0))
    later = replace(NOTHING_RUNS, started=9e6, editing=8e6)
    said = tell(history, NOON + MINUTE, later)[SignalName.EDITING]
    assert (said.watched_since, said.active_at) == (NOON - HOUR, NOON)


def test_a_cell_that_ran_is_remembered_when_its_kernel_is_gone():
    history = SignalHistory()
    tell(history, NOON, replace(NOTHING_RUNS, kernels=(kernel(busy=True),)))
    assert tell(history, NOON + MINUTE, NOTHING_RUNS)[SignalName.KERNELS].active_at == NOON


def test_after_a_step_of_the_clock_everything_is_watched_anew():
    history = SignalHistory()
    sample(history, NOON)
    tell(history, NOON, NOTHING_RUNS)
    stepped = NOON + 8 * HOUR
    history.forget_before(stepped)
    assert history.signals(ADA) == ()
    sample(history, stepped)
    tell(history, stepped, NOTHING_RUNS)
    assert {each.quiet_since for each in history.signals(ADA)} == {stepped}


def test_a_session_that_ended_is_forgotten():
    history = SignalHistory()
    sample(history, NOON)
    history.report(BOB, NOTHING_RUNS, NOON)
    history.keep_only([BOB])
    assert history.signals(ADA) == ()
    assert history.signals(BOB)


def test_a_culler_that_restarts_at_once_goes_on():
    before, after = SignalHistory(), SignalHistory()
    sample(before, NOON - HOUR, active=True)
    for minute in range(1, 61):
        sample(before, NOON - HOUR + minute * MINUTE)
    after.restore(ADA, before.signals(ADA), NOON + MINUTE)
    went_on = sample(after, NOON + MINUTE)
    assert (went_on.watched_since, went_on.active_at) == (NOON - HOUR, NOON - HOUR)


@pytest.mark.parametrize("as_of", [NOON + FRESH + SECOND, NOON - FRESH - SECOND])
def test_a_culler_that_restarts_late_begins_anew(as_of):
    before, after = SignalHistory(), SignalHistory()
    sample(before, NOON)
    after.restore(ADA, before.signals(ADA), as_of)
    assert after.signals(ADA) == ()


def test_what_is_known_already_stays_when_older_knowledge_is_restored():
    history = SignalHistory()
    known = sample(history, NOON, active=True)
    history.restore(ADA, [replace(known, active_at=None)], NOON)
    assert history.signals(ADA) == (known,)


moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
ages = st.floats(0, 1e7)
maybe_ages = st.none() | ages
names = st.text(max_size=200)
gpus = st.builds(GPUActivity, ages, maybe_ages, ages, st.none() | st.integers(0))
activities = st.builds(
    SessionActivity,
    started=ages,
    kernels=st.lists(st.builds(KernelActivity, names, names, st.booleans(), ages), max_size=3).map(
        tuple
    ),
    terminals=st.none()
    | st.lists(
        st.builds(TerminalActivity, names, st.booleans(), st.none() | names, ages), max_size=3
    ).map(tuple),
    editing=maybe_ages,
    gpu=st.none() | gpus,
)
waits = st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds))
actions = st.lists(st.tuples(waits, activities | st.booleans()), min_size=1, max_size=20)


@given(actions)
def test_what_is_known_never_shrinks_while_time_goes_on(actions):
    history, now, before = SignalHistory(), NOON, dict[SignalName, Signal]()
    for wait, reading in actions:
        now += wait
        if isinstance(reading, bool):
            sample(history, now, active=reading)
        else:
            history.report(ADA, reading, now)
        known = {each.name: each for each in history.signals(ADA)}
        for name, signal in known.items():
            assert signal.watched_since <= now
            assert signal.measured_at <= now
            if old := before.get(name):
                assert signal.watched_since >= old.watched_since
                assert signal.quiet_since >= old.quiet_since
                assert old.active_at is None or signal.active_at >= old.active_at
        before = known
    assert len(before) <= len(SignalName)


@given(actions)
def test_a_sampled_source_is_never_called_quiet_over_a_gap(actions):
    history, now, gap_ended = SignalHistory(), NOON, NOON
    for number, (wait, reading) in enumerate(actions):
        now += wait
        if number == 0 or wait > FRESH:
            gap_ended = now
        assert sample(history, now, active=reading is True).quiet_since >= gap_ended


@given(st.lists(st.tuples(moments, activities | st.booleans()), max_size=10))
def test_any_clock_is_borne_and_signals_come_back_from_json_as_they_were(readings):
    history = SignalHistory()
    for at, reading in readings:
        if isinstance(reading, bool):
            sample(history, at, active=reading)
        else:
            history.report(ADA, reading, at)
    assert from_json(to_json(history.signals(ADA))) == history.signals(ADA)


@pytest.mark.parametrize(
    "record", [{}, {"name": "none such"}, {"name": "gpu", "source": "x", "measured_at": 3}]
)
def test_a_record_that_is_no_signal_is_refused(record):
    with pytest.raises(ValueError, match="signal"):
        from_json([record])
