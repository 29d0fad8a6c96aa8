"""Why a session is left alone, warned or ended, and what would change that, for its person."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from gpucommons_contract.formats.wording import joined, moment, rough_span, span
from gpucommons_contract.words import phrase, sentences

from gpucommons_culler.core.commitments import Exemption, Lease
from gpucommons_culler.core.rule import IdleRule
from gpucommons_culler.core.signals import Signal, SignalName

_USED = {
    SignalName.GPU: "the GPU worked",
    SignalName.PROCESSOR: "the processor worked",
    SignalName.NETWORK: "data went over the network",
    SignalName.KERNELS: "a cell ran",
    SignalName.TERMINALS: "a terminal was used",
    SignalName.EDITING: "something was edited",
}


class Words(NamedTuple):
    """A decision in sentences."""

    reason: str
    change: str
    """What would change it."""


def never_ended(rule: IdleRule) -> Words:
    """Say that the rule ends nothing."""
    return Words(
        phrase("Idle sessions are left running here (%(rule)s).", rule=rule.name),
        phrase("Only a different rule would stop it."),
    )


def exempted(exemption: Exemption) -> Words:
    """Say who exempted it, and why."""
    return Words(
        phrase(
            "%(person)s exempted it until %(moment)s: %(reason)s",
            person=exemption.by,
            moment=moment(exemption.until),
            reason=exemption.reason,
        ),
        phrase("After that, the rule applies again."),
    )


def warming_up(until: datetime) -> Words:
    """Say that it is new."""
    return Words(
        phrase("It has just started and may warm up until %(moment)s.", moment=moment(until)),
        phrase("After that, idle time counts."),
    )


def kept(lease: Lease) -> Words:
    """Say who keeps it."""
    return Words(
        phrase(
            "%(person)s keeps it until %(moment)s.", person=lease.by, moment=moment(lease.until)
        ),
        phrase("After that, idle time counts again, and it is warned before it is stopped."),
    )


def in_use(signal: Signal, rule: IdleRule) -> Words:
    """Say what uses it now."""
    reason = phrase(
        "It is in use: %(value)s (%(source)s).", value=signal.value, source=signal.source
    )
    return Words(reason, _warned_after(rule))


def used(signal: Signal, ago: timedelta, rule: IdleRule) -> Words:
    """Say what used it last."""
    # Not the value: it is of the last measurement, which may no longer have seen any use.
    then = f": {signal.active_value}" if signal.active_value else ""
    reason = phrase(
        "It was in use %(time)s ago: %(what)s (%(source)s).",
        time=rough_span(ago.total_seconds()),
        what=_USED[signal.name],
        source=f"{signal.source}{then}",
    )
    return Words(reason, _warned_after(rule))


def not_measured(signals: Iterable[str]) -> Words:
    """Say what is not known of it."""
    return Words(
        phrase(
            "Whether it is idle is unknown: %(signals)s not measured.",
            signals=joined(sorted(signals)),
        ),
        phrase("It is left alone until they are measured again."),
    )


def watched_since(since: datetime, rule: IdleRule) -> Words:
    """Say that it was not watched for long enough."""
    reason = phrase(
        "It has been watched without a gap, and quiet, only since %(moment)s.", moment=moment(since)
    )
    return Words(reason, _warned_after(rule))


def cannot_say(until: datetime | None) -> Words:
    """Say that it has no extension, and until when it counts as used for that; None: for ever."""
    reason = phrase(
        "Its server runs without GPU Commons' extension, so it cannot report its activity."
    )
    if until is not None:
        counts = phrase(
            "It counts as used until %(moment)s, or longer if the platform sees it work.",
            moment=moment(until),
        )
        reason = sentences(reason, counts)
    return Words(reason, phrase("Once the extension is switched on, it is judged by its activity."))


def idle(since: datetime, signals: Sequence[Signal], *, without_extension: bool) -> str:
    """Say since when it is idle, and what was measured."""
    values = joined([signal.value for signal in signals]) if signals else phrase("nothing ran")
    return sentences(
        phrase(
            "It has been idle since %(moment)s: %(values)s.", moment=moment(since), values=values
        ),
        phrase("It runs without GPU Commons' extension and cannot report its activity.")
        if without_extension
        else None,
    )


def cancelled_by_use(reason: str) -> Words:
    """Say what takes a warning back."""
    return Words(reason, phrase("Using it or keeping it cancels this."))


def warned_under_pressure(reason: str) -> Words:
    """Say that its room is not wanted yet."""
    return Words(reason, phrase("It is warned once somebody is waiting for its size."))


def used_after_warning() -> Words:
    """Say why a warning is taken back."""
    return Words(
        phrase("It was used, or could not be watched, after the warning."),
        phrase("It is warned again if it stays idle."),
    )


def not_measured_now(reason: str, signals: Sequence[str]) -> Words:
    """Say what must be known before it is stopped."""
    unknown = phrase(
        "Whether it still is idle is unknown: %(signals)s not measured just now.",
        signals=joined(signals),
    )
    return Words(
        sentences(reason, unknown),
        phrase("It is stopped once they are measured and it is still idle."),
    )


def time_is_up(reason: str, *, releases: bool) -> Words:
    """Say that it ends now, or starts again in a size without a GPU."""
    return Words(
        reason,
        phrase("Its time is up: it is being started again without a GPU.")
        if releases
        else phrase("Its time is up: it is being stopped."),
    )


def _warned_after(rule: IdleRule) -> str:
    return phrase(
        "It is warned after %(time)s without use.", time=span(rule.warn_after.total_seconds())
    )
