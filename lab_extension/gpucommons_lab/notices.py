"""What this session has to tell the person in it."""

import json
import time
from collections.abc import Callable
from dataclasses import replace

from gpucommons_contract import Notice, NoticeError, read_answer, read_notice

_MOST_KEPT = 20
_AFTERLIFE = 60.0
"""Seconds that a notice is still listed after what it warns of came about."""


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
    return read_notice(_json(body))


def parse_answer(body: bytes) -> tuple[str, str]:
    """Read an answer that was sent as JSON: the notice's id, the choice's. Raises NoticeError."""
    return read_answer(_json(body))


def _json(body: bytes) -> object:
    try:
        said: object = json.loads(body)
    except (ValueError, RecursionError):
        raise NoticeError("The body is not JSON. Send a JSON object.") from None
    return said
