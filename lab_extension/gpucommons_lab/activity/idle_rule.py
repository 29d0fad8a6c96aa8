"""The idle rule in force for this session now, which may have changed since its start."""

from collections.abc import Callable
from dataclasses import replace

from gpucommons_contract import SessionInfo

_NEVER = "never"
_LONGEST = 10 * 365 * 86400


class CurrentIdleRule:
    """The rule that the idle culler reported last; until then, the spawner's."""

    def __init__(self) -> None:
        self._told: tuple[int | None, int | None] | None = None

    def hear(self, argument: Callable[[str], str]) -> None:
        """Take the rule from a request's arguments, if both are there and valid."""
        try:
            self._told = _span(argument("warn_after")), _span(argument("stop_after"))
        except ValueError:
            return  # not the culler, or one that does not report it

    def of(self, session: SessionInfo | None) -> SessionInfo | None:
        """Return the session's info with the rule in force."""
        if session is None or self._told is None:
            return session
        warn_after, stop_after = self._told
        return replace(session, idle_warn_after=warn_after, idle_stop_after=stop_after)


def _span(text: str) -> int | None:
    if text == _NEVER:
        return None
    seconds = int(text)
    if not 0 <= seconds <= _LONGEST:
        raise ValueError(f"{text} s is not a span of time")
    return seconds
