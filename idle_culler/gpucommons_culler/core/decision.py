"""What to do with one session, and why: the culler's judgement, without clock and I/O.

All of it rests on one moment: since when the session is idle. Each signal knows that of what it
measures, and the latest counts. What was not watched is unknown, and what is unknown stops
nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gpucommons_contract.wording import joined, moment, rough_span, span

from gpucommons_culler.core.commitments import Countdown, Exemption, Lease
from gpucommons_culler.core.rule import EndAction, IdleRule
from gpucommons_culler.core.signals import FRESH, THE_SESSION, Signal, SignalName

COUNTED = timedelta(minutes=1)
"""The platform's figures must be no older than this for a session to be stopped: kubelets and
Prometheus count at intervals."""

SAID = timedelta(seconds=5)
"""What the session reports itself must be no older than this for it to be stopped: it was just
asked."""

OWN_WORD = timedelta(hours=12)
"""What only a session reports counts for at least this long: somebody may type and read for a
day, of which the node sees little."""

_USED = {
    SignalName.GPU: "the GPU worked",
    SignalName.PROCESSOR: "the processor worked",
    SignalName.NETWORK: "data went over the network",
    SignalName.KERNELS: "a cell ran",
    SignalName.TERMINALS: "a terminal was used",
    SignalName.EDITING: "something was edited",
}


class Action(StrEnum):
    """What to do now."""

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
class Facts:
    """All that is known of one session. Moments are in UTC."""

    started: datetime
    signals: tuple[Signal, ...] = ()
    required: frozenset[SignalName] = frozenset(SignalName)
    """What must be known before it may be called idle."""
    gpu_memory: int | None = None
    """Bytes that it holds on GPUs; None if that is not known."""
    waiting: int = 0
    """Starts that wait for room for its size."""
    lease: Lease | None = None
    exemption: Exemption | None = None
    countdown: Countdown | None = None
    without_extension: datetime | None = None
    """When its server was last seen to answer Jupyter's questions and to have no endpoint of
    ours: it cannot say what it does. None if that was not seen; silence does not count."""
    troubles: tuple[str, ...] = ()
    """What could not be measured, for people; it decides nothing."""

    @property
    def last_used(self) -> datetime:
        """When the session was last seen in use: how long it was kept counts from then on."""
        used = (signal.active_at for signal in self.signals if signal.active_at)
        return max(used, default=self.started)


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
        reason = f"Idle sessions are left running here ({rule.name})."
        return _leave(facts, Verdict.NEVER, reason, "Only a different rule would stop it.")
    if (exemption := facts.exemption) and exemption.until > now:
        until = moment(exemption.until)
        reason = f"{exemption.by} exempted it until {until}: {exemption.reason}"
        change = "After that, the rule applies again."
        return _leave(facts, Verdict.EXEMPT, reason, change, next_at=exemption.until)
    if (warm := facts.started + rule.warm_up) > now:
        reason = f"It has just started and may warm up until {moment(warm)}."
        change = "After that, idle time counts."
        return _leave(facts, Verdict.WARMING_UP, reason, change, next_at=warm)
    if (lease := facts.lease) and lease.until > now:
        reason = f"{lease.by} keeps it until {moment(lease.until)}."
        change = "After that, idle time counts again, and it is warned before it is stopped."
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
    if now - last <= FRESH and signal.active_at == signal.measured_at:
        reason = f"It is in use: {signal.value} ({signal.source})."
    else:
        # Not the value: it is of the last measurement, which may no longer have seen any use.
        then = f": {signal.active_value}" if signal.active_value else ""
        what = _USED[signal.name]
        reason = f"It was in use {_ago(last, now)}: {what} ({signal.source}{then})."
    change = f"It is warned after {_written(rule.warn_after)} without use."
    return _leave(facts, Verdict.ACTIVE, reason, change, next_at=last + rule.warn_after)


def _judged(facts: Facts, rule: IdleRule, now: datetime) -> Decision:
    """Judge a session in which no use was seen lately."""
    fresh = [signal for signal in facts.signals if abs(now - signal.measured_at) <= FRESH]
    if missing := facts.required.difference(signal.name for signal in fresh):
        reason = f"Whether it is idle is unknown: {joined(sorted(missing))} not measured."
        change = "It is left alone until they are measured again."
        return _leave(facts, Verdict.UNKNOWN, reason, change)

    bound = _bound(facts, rule)
    quiet = [_counted(s.quiet_since, s, bound) or s.quiet_since for s in facts.signals]
    if facts.without_extension:
        # Nobody speaks for it: as if it said all the time that it works, which has a bound.
        if bound is None or bound > now or now - facts.without_extension > FRESH:
            return _cannot_say(facts, rule, bound)
        quiet.append(bound)
    idle_since = max(quiet, default=now)
    if now - idle_since < rule.warn_after:
        since = moment(idle_since)
        reason = f"It has been watched without a gap, and quiet, only since {since}."
        change = f"It is warned after {_written(rule.warn_after)} without use."
        return _leave(facts, Verdict.UNKNOWN, reason, change, next_at=idle_since + rule.warn_after)
    return _of_idle(facts, rule, idle_since, now)


def _cannot_say(facts: Facts, rule: IdleRule, bound: datetime | None) -> Decision:
    """Leave alone a session that cannot report its activity, for as long as that would count."""
    reason = "Its server runs without GPU Commons' extension, so it cannot report its activity."
    change = "Once the extension is switched on, it is judged by its activity."
    if bound is None:
        return _leave(facts, Verdict.UNKNOWN, reason, change)
    reason += f" It counts as used until {moment(bound)}, or longer if the platform sees it work."
    return _leave(facts, Verdict.UNKNOWN, reason, change, next_at=bound + rule.warn_after)


def _of_idle(facts: Facts, rule: IdleRule, idle_since: datetime, now: datetime) -> Decision:
    """Take the next step with a session that is known to be idle for long enough to be warned."""
    verdict = Verdict.IDLE_HELD if facts.gpu_memory else Verdict.IDLE
    values = joined([signal.value for signal in facts.signals]) if facts.signals else "nothing ran"
    reason = f"It has been idle since {moment(idle_since)}: {values}."
    change = "Using it or keeping it cancels this."
    if facts.without_extension:
        reason += " It runs without GPU Commons' extension and cannot report its activity."
    if rule.under_pressure and not facts.waiting:
        change = "It is warned once somebody is waiting for its size."
        return _leave(facts, verdict, reason, change, idle_since=idle_since)

    assert rule.stop_after is not None, "or it had been spared"
    due, countdown = idle_since + rule.stop_after, facts.countdown
    if countdown is None:
        stop_at = max(due, now + rule.warning_time)
        return Decision(Action.WARN, verdict, reason, change, idle_since, stop_at)
    if idle_since > countdown.warned_at:
        reason = "It was used, or could not be watched, after the warning."
        change = "It is warned again if it stays idle."
        return _leave(facts, verdict, reason, change, idle_since=idle_since)
    # What was announced applies, unless the rule gives more time by now.
    stop_at = max(countdown.stop_at, due, countdown.warned_at + rule.warning_time)
    if now < stop_at:
        return Decision(Action.NOTHING, verdict, reason, change, idle_since, stop_at)
    if missing := _not_known_now(facts, now):
        reason += f" Whether it still is idle is unknown: {joined(missing)} not measured just now."
        change = "It is stopped once they are measured and it is still idle."
        return Decision(Action.NOTHING, verdict, reason, change, idle_since, now + COUNTED)
    action = Action.RELEASE if rule.action is EndAction.RELEASE else Action.STOP
    ended = "started again without a GPU" if action is Action.RELEASE else "stopped"
    return Decision(
        action, verdict, reason, f"Its time is up: it is being {ended}.", idle_since, now
    )


def _not_known_now(facts: Facts, now: datetime) -> list[str]:
    """Name what must be known of this very moment before a session is stopped, and is not.

    What was true a while ago is good enough to watch a session, and not to stop it.
    """
    known = {
        signal.name
        for signal in facts.signals
        if abs(now - signal.measured_at) <= (SAID if signal.source == THE_SESSION else COUNTED)
    }
    missing: list[str] = sorted(facts.required - known)
    if (without := facts.without_extension) and now - without > SAID:
        missing.append("its own word")
    return missing


def _bound(facts: Facts, rule: IdleRule) -> datetime | None:
    """Return until when the session's own reports count; None if there are no others.

    That is as long as people may keep it, and `OWN_WORD` at least, after the platform itself
    last saw it in use: a session could say anything, for ever.
    """
    seen = [signal.quiet_since for signal in facts.signals if signal.trusted]
    return max(seen) + max(rule.keep_at_most, OWN_WORD) if seen else None


def _counted(at: datetime | None, signal: Signal, bound: datetime | None) -> datetime | None:
    """Return a moment of a signal, as far as it counts."""
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
    """Do nothing to the session, and take back a warning in force."""
    action = Action.CANCEL if facts.countdown else Action.NOTHING
    return Decision(action, verdict, reason, change, idle_since, next_at)


def _ago(when: datetime, now: datetime) -> str:
    return f"{rough_span((now - when).total_seconds())} ago"


def _written(length: timedelta) -> str:
    return span(length.total_seconds())
