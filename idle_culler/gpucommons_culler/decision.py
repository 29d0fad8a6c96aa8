"""What to do with one session, and why: the culler's judgement, without clock and I/O.

All of it rests on one moment: since when the session is idle. Each signal knows that of what it
looks at, and the latest counts. What was not watched is not known, and what is not known ends
nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gpucommons_culler.rule import Ending, IdleRule
from gpucommons_culler.signals import Signal, SignalName
from gpucommons_culler.words import joined, moment, span

FRESH = timedelta(minutes=3)
"""A measurement that is older, or from a future that a clock's step left behind, says nothing
of now."""

OWN_WORD = timedelta(hours=12)
"""For so long at least a session's own word counts: somebody may type and read for a day, of
which the node sees little."""

_USED = {
    SignalName.GPU: "the GPU worked",
    SignalName.PROCESSOR: "the processor worked",
    SignalName.NETWORK: "data went over the network",
    SignalName.KERNELS: "a cell ran",
    SignalName.TERMINALS: "a terminal was used",
    SignalName.EDITING: "something was edited",
}


class Action(StrEnum):
    """What is to be done now."""

    NOTHING = "nothing"
    WARN = "warn"
    CANCEL = "cancel"
    """Take the warning back."""
    STOP = "stop"
    RELEASE = "release"
    """Stop it, and start it again in a size without a GPU."""


class Verdict(StrEnum):
    """What the session is found to be."""

    NEVER = "never"
    """No rule ends it."""
    EXEMPT = "exempt"
    WARMING_UP = "warming-up"
    KEPT = "kept"
    ACTIVE = "active"
    UNKNOWN = "unknown"
    IDLE = "idle"
    IDLE_HELD = "idle-held"
    """Idle, while it holds memory of a GPU."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """An administrator's word that the rules do not hold, until a moment (UTC)."""

    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A person's word to keep the session although it is idle, until a moment (UTC)."""

    until: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Countdown:
    """A warning that stands: since when, and for when (UTC)."""

    warned_at: datetime
    stop_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one session. Moments are in UTC."""

    started: datetime
    signals: tuple[Signal, ...] = ()
    required: frozenset[SignalName] = frozenset(SignalName)
    """What has to be known before it may be called idle."""
    gpu_memory: int | None = None
    """Bytes that it holds on GPUs; None if that is not known."""
    waiting: int = 0
    """Starts that wait for room for its size."""
    lease: Lease | None = None
    exemption: Exemption | None = None
    countdown: Countdown | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one session, and why.

    reason and change are sentences for its person, and are kept in the audit.
    """

    action: Action
    verdict: Verdict
    reason: str
    change: str
    """What would change it."""
    idle_since: datetime | None = None
    """UTC; None where it is not idle, or that is not known."""
    next_at: datetime | None = None
    """When the next step follows if nothing changes, UTC; None if none does."""


def decide(facts: Facts, rule: IdleRule, now: datetime) -> Decision:
    """Judge one session from what was measured. ``now`` is in UTC."""
    return _spared(facts, rule, now) or _in_use(facts, rule, now) or _judged(facts, rule, now)


def _spared(facts: Facts, rule: IdleRule, now: datetime) -> Decision | None:
    """Leave the session alone, whatever its signals say."""
    if rule.stop_after is None:
        reason = f"No idle session is ended here ({rule.name})."
        return _leave(facts, Verdict.NEVER, reason, "Only another rule would end it.")
    if (exemption := facts.exemption) and exemption.until > now:
        until = moment(exemption.until, now)
        reason = f"{exemption.by} exempted it until {until}: {exemption.reason}"
        change = "From then on the rule holds again."
        return _leave(facts, Verdict.EXEMPT, reason, change, next_at=exemption.until)
    if (warm := facts.started + rule.warm_up) > now:
        reason = f"It has just started, and may warm up until {moment(warm, now)}."
        change = "From then on idleness counts."
        return _leave(facts, Verdict.WARMING_UP, reason, change, next_at=warm)
    if (lease := facts.lease) and lease.until > now:
        reason = f"{lease.by} keeps it until {moment(lease.until, now)}."
        change = "From then on idleness counts again, and it is warned before it ends."
        return _leave(facts, Verdict.KEPT, reason, change, next_at=lease.until)
    return None


def _in_use(facts: Facts, rule: IdleRule, now: datetime) -> Decision | None:
    """Leave the session alone because it was used lately; other signals may be missing then."""
    bound = _bound(facts, rule)
    used = [(at, s) for s in facts.signals if (at := _counted(s.active_at, s, bound))]
    if not used:
        return None
    last, signal = max(used, key=lambda each: each[0])
    if now - last >= rule.warn_after:
        return None
    if now - last <= FRESH:
        reason = f"It is in use: {signal.value} ({signal.source})."
    else:
        what = _USED[signal.name]
        reason = f"It was in use {span(now - last)} ago: {what} ({signal.source})."
    change = f"It is warned once nothing of it was used for {span(rule.warn_after)}."
    return _leave(facts, Verdict.ACTIVE, reason, change, next_at=last + rule.warn_after)


def _judged(facts: Facts, rule: IdleRule, now: datetime) -> Decision:
    """Judge a session in which no use was seen lately."""
    fresh = [signal for signal in facts.signals if abs(now - signal.measured_at) <= FRESH]
    if missing := facts.required.difference(signal.name for signal in fresh):
        reason = f"It cannot be told whether it is idle: {joined(sorted(missing))} not measured."
        change = "It is left alone until that is measured again."
        return _leave(facts, Verdict.UNKNOWN, reason, change)

    bound = _bound(facts, rule)
    quiet = [_counted(s.quiet_since, s, bound) or s.quiet_since for s in facts.signals]
    idle_since = max(quiet, default=now)
    if now - idle_since < rule.warn_after:
        since = moment(idle_since, now)
        reason = f"It is watched without a gap only since {since}, and quiet since."
        change = f"It is warned if it stays so for {span(rule.warn_after)}."
        return _leave(facts, Verdict.UNKNOWN, reason, change, next_at=idle_since + rule.warn_after)
    return _of_idle(facts, rule, idle_since, now)


def _of_idle(facts: Facts, rule: IdleRule, idle_since: datetime, now: datetime) -> Decision:
    """Take the next step with a session that is known to be idle for long enough to be warned."""
    verdict = Verdict.IDLE_HELD if facts.gpu_memory else Verdict.IDLE
    values = joined([signal.value for signal in facts.signals]) if facts.signals else "nothing ran"
    reason = f"It has been idle since {moment(idle_since, now)}: {values}."
    change = "Any use, or keeping it, cancels that."
    if rule.under_pressure and not facts.waiting:
        change = "It is warned once somebody waits for its size."
        return _leave(facts, verdict, reason, change, idle_since=idle_since)

    assert rule.stop_after is not None, "or it had been spared"
    due, countdown = idle_since + rule.stop_after, facts.countdown
    if countdown is None:
        stop_at = max(due, now + rule.notice)
        return Decision(Action.WARN, verdict, reason, change, idle_since, stop_at)
    if idle_since > countdown.warned_at:
        reason = "It was used, or not watched, after it had been warned."
        change = "It is warned anew if it stays idle."
        return _leave(facts, verdict, reason, change, idle_since=idle_since)
    # What was announced holds, unless the rule gives more time by now.
    stop_at = max(countdown.stop_at, due, countdown.warned_at + rule.notice)
    if now < stop_at:
        return Decision(Action.NOTHING, verdict, reason, change, idle_since, stop_at)
    action = Action.RELEASE if rule.ending is Ending.RELEASE else Action.STOP
    return Decision(action, verdict, reason, "Nothing: its time is up.", idle_since, now)


def _bound(facts: Facts, rule: IdleRule) -> datetime | None:
    """Answer until when the session's own word counts; None: there is no other to be had.

    That is as long as people may keep it, and `OWN_WORD` at least, after the platform itself
    last saw it in use: a session could say anything, for ever.
    """
    seen = [signal.quiet_since for signal in facts.signals if signal.trusted]
    return max(seen) + max(rule.keep_at_most, OWN_WORD) if seen else None


def _counted(at: datetime | None, signal: Signal, bound: datetime | None) -> datetime | None:
    """Answer a moment of a signal as far as it counts."""
    if at is None or bound is None or signal.trusted:
        return at
    return min(at, bound)


def _leave(
    facts: Facts,
    verdict: Verdict,
    reason: str,
    change: str,
    *,
    idle_since: datetime | None = None,
    next_at: datetime | None = None,
) -> Decision:
    """Do nothing to the session, and take back a warning that stands."""
    action = Action.CANCEL if facts.countdown else Action.NOTHING
    return Decision(action, verdict, reason, change, idle_since, next_at)
