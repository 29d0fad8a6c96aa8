"""What this session has to tell the person in it, and which notices are acceptable.

Checked by hand: importing pydantic would take a twentieth of a session's start.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import fields

from gpucommons_contract import Notice, NoticeLevel

_LONGEST_ID = 64
"""Characters."""
_LONGEST_TEXT = 1000
"""Characters. A notice is one or two sentences, not a page."""
_MOST_KEPT = 20
_AFTERLIFE = 60.0
"""Seconds that a notice is still listed after what it warns of came about."""
_LAST_SECOND = 253402300799
"""The end of the year 9999. Anything later is a mistake, such as milliseconds."""

_FIELDS = tuple(field.name for field in fields(Notice))


class NoticeError(ValueError):
    """What was sent is no notice. The message says which field, and what is allowed."""


class NoticeBoard:
    """The notices of this session, in memory: they end with it."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives seconds since the Unix epoch."""
        self._clock = clock
        self._notices: list[Notice] = []

    def put(self, notice: Notice) -> None:
        """Keep a notice, in place of one with the same id. Beyond 20, the oldest goes."""
        others = [each for each in self.current() if each.id != notice.id]
        self._notices = [*others, notice][-_MOST_KEPT:]

    def withdraw(self, notice_id: str) -> None:
        """Forget a notice that no longer applies, if it is there."""
        self._notices = [each for each in self._notices if each.id != notice_id]

    def current(self) -> list[Notice]:
        """The notices that still matter, oldest first."""
        since = self._clock() - _AFTERLIFE
        return [each for each in self._notices if each.ends_at is None or each.ends_at >= since]


def parse_notice(body: bytes) -> Notice:
    """Read a notice that was sent as JSON. Raises NoticeError."""
    said = _object(body)
    if unknown := [name for name in said if name not in _FIELDS]:
        raise NoticeError(f"Unknown field {unknown[0][:40]!r}. Allowed: {', '.join(_FIELDS)}.")
    return Notice(
        id=_words(said, "id", _LONGEST_ID),
        text=_words(said, "text", _LONGEST_TEXT),
        level=_level(said.get("level", NoticeLevel.INFO)),
        ends_at=_ends_at(said.get("ends_at")),
    )


def _object(body: bytes) -> Mapping[str, object]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise NoticeError("The body is not JSON. Send a notice as a JSON object.") from None
    if not isinstance(said, dict):
        raise NoticeError('The body must be a JSON object, such as {"id": "...", "text": "..."}.')
    return said


def _words(said: Mapping[str, object], name: str, longest: int) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise NoticeError(f"{name!r} must be a text of 1 to {longest:,} characters.")
    return value


def _level(value: object) -> NoticeLevel:
    try:
        return NoticeLevel(str(value))
    except ValueError:
        allowed = ", ".join(NoticeLevel)
        raise NoticeError(f"'level' must be one of: {allowed}. Left out, it is info.") from None


def _ends_at(value: object) -> float | None:
    if value is None:
        return None
    # The range keeps out NaN and infinity too, which Python's JSON reads.
    if (
        not isinstance(value, bool)
        and isinstance(value, int | float)
        and 0 <= value <= _LAST_SECOND
    ):
        return float(value)
    raise NoticeError("'ends_at' must be a number of seconds since the Unix epoch, or null.")
