"""What this session has to tell the person in it, and which notices are acceptable.

Checked by hand: importing pydantic would take a twentieth of a session's start.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import fields, replace

from gpucommons_contract import LONGEST_NOTICE, LONGEST_NOTICE_ID, Notice, NoticeChoice, NoticeLevel

_LONGEST_LABEL = 40
"""Characters. It stands on a button."""
_MOST_CHOICES = 4
_MOST_KEPT = 20
_AFTERLIFE = 60.0
"""Seconds that a notice is still listed after what it warns of came about."""
_LAST_SECOND = 253402300799
"""The end of the year 9999. Anything later is a mistake, such as milliseconds."""

_FIELDS = tuple(field.name for field in fields(Notice) if field.name != "answer")
_CHOICE_FIELDS = tuple(field.name for field in fields(NoticeChoice))
_ANSWER_FIELDS = ("id", "choice")


class NoticeError(ValueError):
    """What was sent is no notice. The message says which field, and what is allowed."""


class ChoiceError(ValueError):
    """There is nothing to answer, or not with this. The message says what there is."""


class NoticeBoard:
    """The notices of this session, in memory: they end with it."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives seconds since the Unix epoch."""
        self._clock = clock
        self._notices: list[Notice] = []
        self.reads = 0
        """How often somebody asked for the list."""

    def put(self, notice: Notice) -> None:
        """Keep a notice, in place of one with the same id. Beyond 20, the oldest goes."""
        others = [each for each in self.current() if each.id != notice.id]
        self._notices = [*others, notice][-_MOST_KEPT:]

    def withdraw(self, notice_id: str) -> None:
        """Forget a notice that no longer applies, if it is there."""
        self._notices = [each for each in self._notices if each.id != notice_id]

    def answer(self, notice_id: str, choice: str) -> None:
        """Keep what the person chose. Raises ChoiceError, also once it was answered otherwise."""
        notice = next((each for each in self.current() if each.id == notice_id), None)
        if notice is None:
            raise ChoiceError("That notice is there no more.")
        if choice not in (offered := [each.id for each in notice.choices]):
            allowed = f"It offers: {', '.join(offered)}." if offered else "It offers no choice."
            raise ChoiceError(f"The notice does not offer {choice!r}. {allowed}")
        if notice.answer not in (None, choice):
            raise ChoiceError(f"The notice was answered already, with {notice.answer!r}.")
        answered = replace(notice, answer=choice)
        self._notices = [answered if each is notice else each for each in self._notices]

    def read(self) -> list[Notice]:
        """Answer the current notices to somebody who will show them."""
        self.reads += 1
        return self.current()

    def current(self) -> list[Notice]:
        """The notices that still matter, oldest first."""
        since = self._clock() - _AFTERLIFE
        return [each for each in self._notices if each.ends_at is None or each.ends_at >= since]


def parse_notice(body: bytes) -> Notice:
    """Read a notice that was sent as JSON. Raises NoticeError."""
    said = _object(body)
    _only(said, _FIELDS)
    return Notice(
        id=_words(said, "id", LONGEST_NOTICE_ID),
        text=_words(said, "text", LONGEST_NOTICE),
        level=_level(said.get("level", NoticeLevel.INFO)),
        ends_at=_ends_at(said.get("ends_at")),
        choices=_choices(said.get("choices", [])),
    )


def parse_answer(body: bytes) -> tuple[str, str]:
    """Read an answer that was sent as JSON: the notice's id, the choice's. Raises NoticeError."""
    said = _object(body)
    _only(said, _ANSWER_FIELDS)
    return _words(said, "id", LONGEST_NOTICE_ID), _words(said, "choice", LONGEST_NOTICE_ID)


def _object(body: bytes) -> Mapping[str, object]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise NoticeError("The body is not JSON. Send a JSON object.") from None
    if not isinstance(said, dict):
        raise NoticeError('The body must be a JSON object, such as {"id": "...", "text": "..."}.')
    return said


def _only(said: Mapping[str, object], allowed: tuple[str, ...]) -> None:
    if unknown := [name for name in said if name not in allowed]:
        raise NoticeError(f"Unknown field {unknown[0][:40]!r}. Allowed: {', '.join(allowed)}.")


def _choices(value: object) -> tuple[NoticeChoice, ...]:
    if not isinstance(value, list) or len(value) > _MOST_CHOICES:
        raise NoticeError(f"'choices' must be a list of at most {_MOST_CHOICES} objects.")
    choices = tuple(_choice(each) for each in value)
    if len({each.id for each in choices}) < len(choices):
        raise NoticeError("Two of the 'choices' have the same 'id'.")
    return choices


def _choice(value: object) -> NoticeChoice:
    if not isinstance(value, dict):
        raise NoticeError('A choice must be an object, such as {"id": "...", "label": "..."}.')
    _only(value, _CHOICE_FIELDS)
    return NoticeChoice(
        id=_words(value, "id", LONGEST_NOTICE_ID), label=_words(value, "label", _LONGEST_LABEL)
    )


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
