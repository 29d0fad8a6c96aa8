"""How long a person may keep an idle session, and what they are offered. Pure."""

from datetime import datetime, timedelta

from gpucommons_contract import KEEP_CHOICE, NoticeChoice
from gpucommons_contract.formats.wording import span
from gpucommons_contract.words import phrase, phrases

from gpucommons_culler.core.commitments import KeepUsage
from gpucommons_culler.core.rule import IdleRule

STOP_NOW = "stop"
"""The choice that ends the session at once."""
_SHORT, _LONG = timedelta(hours=1), timedelta(hours=12)
"""What is offered, if that much is left. More buttons would crowd a notice."""
_SHORTEST = timedelta(minutes=1)


def left_to_keep(rule: IdleRule, used: KeepUsage) -> timedelta:
    """Return for how long it may still be kept; zero if it may not."""
    if used.times >= rule.keep_times:
        return timedelta()
    left = rule.keep_at_most - used.length
    return left if left >= _SHORTEST else timedelta()


def choices(rule: IdleRule, used: KeepUsage) -> tuple[NoticeChoice, ...]:
    """Offer to keep the session, for a while or for as long as it may be, or to end it."""
    left = left_to_keep(rule, used)
    lengths = sorted({min(left, _SHORT), min(left, _LONG)} - {timedelta()})
    seconds = [int(each.total_seconds()) for each in lengths]
    kept = (
        NoticeChoice(f"{KEEP_CHOICE}{each}", phrase("Keep %(time)s", time=span(each)))
        for each in seconds
    )
    return (*kept, NoticeChoice(STOP_NOW, phrase("End it now")))


def chosen_length(choice: str) -> timedelta | None:
    """Read a choice to keep; None if it is not one."""
    seconds = choice.removeprefix(KEEP_CHOICE)
    if seconds == choice or not seconds.isascii() or not seconds.isdecimal():
        return None
    return timedelta(seconds=int(seconds[:9]))


def refusal(rule: IdleRule, used: KeepUsage, length: timedelta) -> str | None:
    """Say why it may not be kept for that long; None if it may."""
    if not rule.keep_at_most or not rule.keep_times:
        return phrase("Idle sessions cannot be kept here (%(rule)s).", rule=rule.name)
    if used.times >= rule.keep_times:
        return phrases(
            "It has already been kept once since it was last used, the maximum.",
            "It has already been kept %(count)d times since it was last used, the maximum.",
            rule.keep_times,
        )
    left = left_to_keep(rule, used)
    if not left:
        length_kept = span(used.length.total_seconds())
        return phrase(
            "It has already been kept for %(time)s since it was last used, the maximum.",
            time=length_kept,
        )
    if length < _SHORTEST:
        return phrase("Keep it for at least %(time)s.", time=span(_SHORTEST.total_seconds()))
    if length > left:
        return phrase("It can be kept for at most %(time)s more.", time=span(left.total_seconds()))
    return None


def kept_until(now: datetime, length: timedelta) -> datetime:
    """Return until when, in whole seconds."""
    return now.replace(microsecond=0) + length
