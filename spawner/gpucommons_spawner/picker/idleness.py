"""When a session ends because nobody uses it, in words, from what the idle culler says. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gpucommons_contract.formats.wording import moment, read_moment
from gpucommons_contract.words import phrase, sentences

_IN_USE = timedelta(minutes=5)
"""Who did something so lately is at it."""
_VERDICTS: Mapping[str, Callable[[str], str]] = {
    "never": lambda _: phrase("It is not stopped for being idle."),
    "exempt": lambda end: phrase("It is not stopped for being idle until %(moment)s.", moment=end),
    "warming-up": lambda end: phrase(
        "It has just started; idle time counts from %(moment)s.", moment=end
    ),
    "kept": lambda end: phrase("Kept until %(moment)s, whether it is used or not.", moment=end),
}
_IDLE = ("idle", "idle-held")


@dataclass(frozen=True, slots=True)
class Idleness:
    """What is known of a session's idle time."""

    sentence: str
    """When it will be stopped, or that it is in use. Moments as ``wording.moment`` has them."""
    ends: bool = False
    """Whether it is about to be stopped, and can be kept."""


NOT_KNOWN = Idleness(phrase("Whether it is idle is not known now."))


def idleness(said: Mapping[str, Any] | None, now: datetime) -> Idleness:
    """Word what the culler's ``api/sessions`` says of a session; None if it says nothing.

    now: UTC.
    """
    if said is None:
        return NOT_KNOWN
    try:
        return _in_words(said, now)
    except (KeyError, TypeError, ValueError):  # of another release
        return NOT_KNOWN


def _in_words(said: Mapping[str, Any], now: datetime) -> Idleness:
    verdict, then = said["verdict"], _moment(said["next_at"])
    if verdict in _IDLE:
        return _idle(said, _moment(said["ends_at"]) or then)
    if verdict == "active" and then:
        return Idleness(_used(said["rule"], then, now))
    if verdict in _VERDICTS:
        return Idleness(_VERDICTS[verdict](moment(then) if then else phrase("further notice")))
    return Idleness(said["reason"])


def _idle(said: Mapping[str, Any], ends: datetime | None) -> Idleness:
    since = moment(read_moment(said["idle_since"]))
    if ends is None:
        return Idleness(sentences(phrase("Idle since %(since)s.", since=since), said["change"]))
    until = _stopped(said["rule"], ends)
    return Idleness(phrase("Idle since %(since)s; %(until)s", since=since, until=until), ends=True)


def _used(rule: Mapping[str, Any], warned: datetime, now: datetime) -> str:
    """Say when it was used last, from when it would be warned."""
    used = warned - timedelta(minutes=rule["warn_after_minutes"])
    if now - used < _IN_USE:
        return phrase("In use.")
    if rule["under_pressure"]:
        return phrase("Last used at %(moment)s.", moment=moment(used))
    ends = used + timedelta(minutes=rule["stop_after_minutes"])
    return phrase(
        "Last used at %(moment)s; %(until)s", moment=moment(used), until=_stopped(rule, ends)
    )


def _stopped(rule: Mapping[str, Any], at: datetime) -> str:
    if rule["action"] == "release":
        return phrase(
            "it will start again without its GPU at %(moment)s unless it is used.",
            moment=moment(at),
        )
    return phrase("it will be stopped at %(moment)s unless it is used.", moment=moment(at))


def _moment(text: str | None) -> datetime | None:
    return read_moment(text) if text else None
