"""What to do with one session, and why: the culler's judgement, without clock and I/O.

All of it rests on one moment: since when the session is idle. Each signal knows that of what it
measures, and the latest counts. What was not watched is unknown, and what is unknown stops
nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gpucommons_culler.core import decision_words as words
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
        return _leave(facts, Verdict.NEVER, words.never_ended(rule))
    if (exemption := facts.exemption) and exemption.until > now:
        said = words.exempted(exemption)
        return _leave(facts, Verdict.EXEMPT, said, next_at=exemption.until)
    if (warm := facts.started + rule.warm_up) > now:
        return _leave(facts, Verdict.WARMING_UP, words.warming_up(warm), next_at=warm)
    if (lease := facts.lease) and lease.until > now:
        return _leave(facts, Verdict.KEPT, words.kept(lease), next_at=lease.until)
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
        said = words.in_use(signal, rule)
    else:
        said = words.used(signal, now - last, rule)
    return _leave(facts, Verdict.ACTIVE, said, next_at=last + rule.warn_after)


def _judged(facts: Facts, rule: IdleRule, now: datetime) -> Decision:
    """Judge a session in which no use was seen lately."""
    fresh = [signal for signal in facts.signals if abs(now - signal.measured_at) <= FRESH]
    if missing := facts.required.difference(signal.name for signal in fresh):
        return _leave(facts, Verdict.UNKNOWN, words.not_measured(missing))

    bound = _bound(facts, rule)
    quiet = [_counted(s.quiet_since, s, bound) or s.quiet_since for s in facts.signals]
    if facts.without_extension:
        # Nobody speaks for it: as if it said all the time that it works, which has a bound.
        if bound is None or bound > now or now - facts.without_extension > FRESH:
            next_at = bound and bound + rule.warn_after
            return _leave(facts, Verdict.UNKNOWN, words.cannot_say(bound), next_at=next_at)
        quiet.append(bound)
    idle_since = max(quiet, default=now)
    if now - idle_since < rule.warn_after:
        said = words.watched_since(idle_since, rule)
        return _leave(facts, Verdict.UNKNOWN, said, next_at=idle_since + rule.warn_after)
    return _of_idle(facts, rule, idle_since, now)


def _of_idle(facts: Facts, rule: IdleRule, idle_since: datetime, now: datetime) -> Decision:
    """Take the next step with a session that is known to be idle for long enough to be warned."""
    verdict = Verdict.IDLE_HELD if facts.gpu_memory else Verdict.IDLE
    reason = words.idle(
        idle_since, facts.signals, without_extension=facts.without_extension is not None
    )
    if rule.under_pressure and not facts.waiting:
        said = words.warned_under_pressure(reason)
        return _leave(facts, verdict, said, idle_since=idle_since)

    assert rule.stop_after is not None, "or it had been spared"
    due, countdown = idle_since + rule.stop_after, facts.countdown
    announced = words.cancelled_by_use(reason)
    if countdown is None:
        stop_at = max(due, now + rule.warning_time)
        return Decision(Action.WARN, verdict, *announced, idle_since, stop_at)
    if idle_since > countdown.warned_at:
        return _leave(facts, verdict, words.used_after_warning(), idle_since=idle_since)
    # What was announced applies, unless the rule gives more time by now.
    stop_at = max(countdown.stop_at, due, countdown.warned_at + rule.warning_time)
    if now < stop_at:
        return Decision(Action.NOTHING, verdict, *announced, idle_since, stop_at)
    if missing := _not_known_now(facts, now):
        said = words.not_measured_now(reason, missing)
        return Decision(Action.NOTHING, verdict, *said, idle_since, now + COUNTED)
    action = Action.RELEASE if rule.action is EndAction.RELEASE else Action.STOP
    said = words.time_is_up(reason, releases=action is Action.RELEASE)
    return Decision(action, verdict, *said, idle_since, now)


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
    said: words.Words,
    *,
    idle_since: datetime | None = None,
    next_at: datetime | None = None,
) -> Decision:
    """Do nothing to the session, and take back a warning in force."""
    action = Action.CANCEL if facts.countdown else Action.NOTHING
    return Decision(action, verdict, *said, idle_since, next_at)
