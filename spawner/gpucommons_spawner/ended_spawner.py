"""Remembers why the last session of a server ended, until its next start."""

from datetime import UTC, datetime
from typing import Any

from gpucommons_spawner.prompt_spawner import PromptSpawner
from gpucommons_spawner.queue import eviction_told


class EndedSpawner(PromptSpawner):
    """Keeps one sentence for each server.

    The watch of pods reads it. When JupyterHub finds the session gone it stores the sentence
    with the server, so that a restart of the hub does not lose it.
    """

    _ended = ""

    @property
    def ended(self) -> str:
        """Why the last session of this server ended, if nobody stopped it; else empty."""
        reflector = self.pod_reflector
        seen: str = reflector.ended.get(self._pod_key, "") if reflector else ""
        return seen or self._ended

    async def poll(self) -> int | None:
        """Tell whether the session runs, and find out why one ended while the hub was away."""
        status: int | None = await super().poll()
        if status is not None and self._check_pending and self.events_enabled and not self.ended:
            self._ended = await self._told_meanwhile()
        return status

    async def _told_meanwhile(self) -> str:
        """Read it from the events, which outlive a pod."""
        events = await self._start_watching_events()
        since = self.orm_spawner.started if self.orm_spawner else None
        if since is None:
            return ""
        for event in events.of(self._pod_key):
            sentence = eviction_told(event)
            if sentence and datetime.fromisoformat(event["eventTime"]) > since.replace(tzinfo=UTC):
                return sentence
        return ""

    def start(self) -> Any:  # noqa: ANN401 -- a future, of an untyped package
        """Start, and forget how the session before ended."""
        self._ended = ""
        return super().start()

    def get_state(self) -> dict[str, Any]:
        """Store the sentence."""
        state: dict[str, Any] = super().get_state()
        if self.ended:
            state["ended"] = self.ended
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Take the sentence up again."""
        super().load_state(state)
        self._ended = str(state.get("ended", ""))

    def clear_state(self) -> None:
        """Take the sentence over from the watch, which then need not keep it.

        JupyterHub calls this when a session is gone, and before the next start.
        """
        self._ended = self.ended
        if reflector := self.pod_reflector:
            reflector.ended.pop(self._pod_key, None)
        super().clear_state()
