"""The notices that this session shows to the person in it."""

import time
from collections.abc import Callable
from dataclasses import replace

from gpucommons_contract import (
    ALL_CLEAR_SECONDS,
    END_REASON_NOTICE,
    ENDING_NOTICE,
    Notice,
    NoticeLevel,
)
from gpucommons_contract.words import ENGLISH

_MOST_KEPT = 20
_AFTERLIFE = 60.0
"""Seconds for which a notice is still listed after what it warns of has happened."""


class ChoiceError(ValueError):
    """The notice is gone, or does not offer this answer. The message says what it offers."""


class NoticeBoard:
    """The notices of this session, in memory: they end with it."""

    def __init__(self, clock: Callable[[], float] = time.time, language: str = ENGLISH) -> None:
        """``clock`` gives seconds since the Unix epoch. Phrases are put into ``language``."""
        self._clock = clock
        self._language = language
        self._notices: list[Notice] = []
        self._passing: dict[str, float] = {}
        """When notices that withdraw a warning expire, by their ids."""
        self.reads = 0
        """How often somebody asked for the list."""

    def put(self, notice: Notice) -> float | None:
        """Keep a notice, in place of one with the same id. Beyond 20, the oldest is dropped.

        Returns in how many seconds it expires by itself, if it withdraws a warning.
        """
        notice = notice.in_language(self._language)
        before = next((each for each in self._there() if each.id == notice.id), None)
        others = [each for each in self._there() if each.id != notice.id]
        self._notices = [*others, notice][-_MOST_KEPT:]
        self._passing.pop(notice.id, None)
        if before is None or not _warns(before) or _warns(notice):
            return None
        self._passing[notice.id] = self._clock() + ALL_CLEAR_SECONDS
        return ALL_CLEAR_SECONDS

    def withdraw(self, notice_id: str) -> None:
        """Forget a notice that no longer applies, if it is there."""
        self._notices = [each for each in self._notices if each.id != notice_id]
        self._passing.pop(notice_id, None)

    def answer(self, notice_id: str, choice: str) -> None:
        """Keep what the person chose. Raises ChoiceError, also after another choice."""
        notice = next((each for each in self.current() if each.id == notice_id), None)
        if notice is None:
            raise ChoiceError("That notice is no longer there.")
        if choice not in (offered := [each.id for each in notice.choices]):
            allowed = f"It offers: {', '.join(offered)}." if offered else "It offers no choice."
            raise ChoiceError(f"The notice does not offer {choice!r}. {allowed}")
        if notice.answer not in (None, choice):
            raise ChoiceError(f"The notice has already been answered, with {notice.answer!r}.")
        answered = replace(notice, answer=choice, answered_at=self._clock())
        self._notices = [answered if each is notice else each for each in self._notices]

    def answer_to(self, notice_id: str) -> str | None:
        """Return what the person chose of what a notice offers; None if nothing."""
        return next((each.answer for each in self.current() if each.id == notice_id), None)

    def read(self) -> list[Notice]:
        """Return the current notices to somebody who will show them."""
        self.reads += 1
        return self.current()

    def current(self) -> list[Notice]:
        """Return the notices that still matter, oldest first.

        Once the session is being stopped, only that does: one notice, which says why if that is
        known.
        """
        there = {each.id: each for each in self._there()}
        if (ending := there.get(ENDING_NOTICE)) is None:
            return list(there.values())
        why = there.get(END_REASON_NOTICE)
        return [replace(ending, text=why.text) if why and not _later(why, ending) else ending]

    def _there(self) -> list[Notice]:
        now = self._clock()
        passed = [name for name, until in self._passing.items() if until <= now]
        for name in passed:
            del self._passing[name]
        self._notices = [
            each
            for each in self._notices
            if each.id not in passed and (each.ends_at is None or each.ends_at >= now - _AFTERLIFE)
        ]
        return list(self._notices)


def _later(notice: Notice, ending: Notice) -> bool:
    """Whether a notice warns of a later end than this one."""
    if notice.ends_at is None or ending.ends_at is None:
        return False
    return notice.ends_at > ending.ends_at


def _warns(notice: Notice) -> bool:
    """Whether something is about to happen, or an answer is expected."""
    info = notice.level is NoticeLevel.INFO and notice.ends_at is None
    return not info or bool(notice.choices)
