"""Remembers of each session how long its start took and which image it ran."""

from typing import Any, ClassVar

from gpucommons_spawner.past_run import PastRun
from gpucommons_spawner.queue import QUEUE_LABEL
from gpucommons_spawner.selection import Selection
from gpucommons_spawner.start_times import StartTimes, queued_seconds
from gpucommons_spawner.team_spawner import TeamSpawner


class HistorySpawner(TeamSpawner):
    """Takes note of starts that succeed. Whoever accepts a choice says so to ``begin``."""

    starts: ClassVar[StartTimes] = StartTimes()
    """How long starts took; one for the hub."""
    past_run: PastRun | None = None
    """The session that this server had last, or has."""
    _begun: tuple[float, Selection] | None = None

    def begin(self, pressed: float, selection: Selection) -> None:
        """Note that a start of a selection goes on that was asked for at ``pressed``.

        ``pressed`` is a time of ``starts.now``, moved on by what was waited for a turn.
        """
        self._begun = (pressed, selection)

    async def _start(self) -> str:
        url: str = await super()._start()
        if self._begun:
            self._note(*self._begun)
        return url

    def _note(self, pressed: float, selection: Selection) -> None:
        pod = self._pod()
        self.past_run = PastRun.of_pod(selection.options(), selection.reference, pod)
        waited = queued_seconds(pod) if pod and _was_queued(pod) else 0.0

        def ready() -> None:
            seconds = self.starts.now() - pressed - waited
            self.starts.note(selection.environment, selection.size, max(seconds, 0.0))

        self._when_up(ready)

    def get_state(self) -> dict[str, Any]:
        """Keep what ran last, also when it has ended."""
        state: dict[str, Any] = super().get_state()
        if self.past_run:
            state["past_run"] = self.past_run.as_state()
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up what ran last."""
        super().load_state(state)
        self.past_run = PastRun.of_state(state)

    def past_runs(self) -> list[PastRun]:
        """List the last sessions of all servers of this person, the latest first."""
        others = [
            PastRun.of_state(one.state)
            for name, one in self.user.orm_spawners.items()
            if name != self.name
        ]
        found = [run for run in (self.past_run, *others) if run]
        return sorted(found, key=lambda run: run.at, reverse=True)


def _was_queued(pod: dict[str, Any]) -> bool:
    return QUEUE_LABEL in pod["metadata"].get("labels", {})
