"""Remembers of each session which image it ran and how long its start took."""

from collections.abc import Mapping
from typing import Any, Protocol

from gpucommons_spawner.availability.start_times import StartTimes, queued_seconds
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.pod_state.queue import QUEUE_LABEL
from gpucommons_spawner.selection.past_run import PastRun
from gpucommons_spawner.selection.selection import Selection


class _Spawner(Protocol):
    user: Any
    name: str


class PastRuns(SessionPart):
    """Takes note of starts that succeed. Whoever accepts a choice calls ``begin``."""

    def __init__(self, spawner: _Spawner, start_times: StartTimes) -> None:
        self._spawner, self._start_times = spawner, start_times
        self.last: PastRun | None = None
        """The session that this server had last, or has."""
        self._begun: tuple[float, Selection] | None = None
        self._counted_from = 0.0

    def begin(self, pressed: float, selection: Selection) -> None:
        """Note that a start of a selection continues that was asked for at ``pressed``.

        ``pressed`` is a time of ``StartTimes.now``, moved on by what was waited for a turn.
        """
        self._begun = (pressed, selection)

    def forget(self) -> None:
        """Measure nothing: what starts now is a session that runs already."""
        self._begun = None

    def started(self, pod: Manifest | None) -> None:
        """Note what runs."""
        if self._begun:
            pressed, selection = self._begun
            self.last = PastRun.of_pod(selection.options(), selection.reference, pod)
            waited = queued_seconds(pod) if pod and _was_queued(pod) else 0.0
            self._counted_from = pressed + waited

    def ready(self) -> None:
        """Note how long it took."""
        if self._begun:
            _, selection = self._begun
            seconds = self._start_times.now() - self._counted_from
            self._start_times.note(selection.environment, selection.size, max(seconds, 0.0))

    def state(self) -> Mapping[str, object]:
        """Keep what ran last, also when it has ended."""
        return {"past_run": self.last.as_state()} if self.last else {}

    def restore(self, state: Mapping[str, object]) -> None:
        """Take up what ran last."""
        self.last = PastRun.of_state(state)

    def all(self) -> list[PastRun]:
        """List the last sessions of all servers of this person, the latest first."""
        others = [
            PastRun.of_state(one.state)
            for name, one in self._spawner.user.orm_spawners.items()
            if name != self._spawner.name
        ]
        found = [run for run in (self.last, *others) if run]
        return sorted(found, key=lambda run: run.at, reverse=True)


def _was_queued(pod: Manifest) -> bool:
    return QUEUE_LABEL in pod["metadata"].get("labels", {})
