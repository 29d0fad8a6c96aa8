"""Pauses between tries of what fails, each twice as long as the one before."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta

from gpucommons_culler.core.session import SessionKey

_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when (UTC) something is not tried again, and why."""

    length: timedelta
    until: datetime
    why: str


class SessionBackoff:
    """One pause for each session with which something failed."""

    def __init__(self) -> None:
        self._pauses: dict[SessionKey, Pause] = {}

    def failed(self, session: SessionKey, now: datetime, why: str) -> bool:
        """Begin a pause; return whether it is the first since the last success."""
        before = self._pauses.get(session)
        length = min(before.length * 2, _LONGEST) if before else _FIRST
        self._pauses[session] = Pause(length, now + length, why)
        return before is None

    def over(self, session: SessionKey, now: datetime) -> bool:
        """Whether the pause is over."""
        pause = self._pauses.get(session)
        return pause is None or pause.until <= now

    def why(self, session: SessionKey) -> str | None:
        """Say why it failed the last time; None if it went well."""
        pause = self._pauses.get(session)
        return pause.why if pause else None

    def went_well(self, session: SessionKey) -> None:
        """Start again with the shortest pause."""
        self._pauses.pop(session, None)

    def keep_only(self, sessions: Container[SessionKey]) -> None:
        """Forget all others."""
        self._pauses = {key: pause for key, pause in self._pauses.items() if key in sessions}

    def clear(self) -> None:
        """Forget all."""
        self._pauses.clear()
