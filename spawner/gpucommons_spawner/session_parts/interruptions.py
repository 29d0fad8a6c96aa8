"""Says in a session that the cluster takes it away, or has started it again in its place."""

import asyncio
from typing import Any, Protocol

from gpucommons_contract import END_REASON_NOTICE, Notice, NoticeLevel

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.lifecycle.watched_pod import WatchedPod
from gpucommons_spawner.pod_state.pod_end import restarted, restarts
from gpucommons_spawner.session_parts.delivery import NOT_SHOWN, NotifiedSpawner, deliver

_RESTART_NOTICE = "out-of-memory"


class _Spawner(NotifiedSpawner, Protocol):
    watched_pod: WatchedPod

    @property
    def pod_reflector(self) -> Any: ...  # noqa: ANN401 -- SessionPods, or None


class Interruptions(SessionPart):
    """Learns from the watch of pods that its session is taken away, and passes that on.

    The hub's pages say the same later; open pages of the session itself have seconds.
    """

    def __init__(self, spawner: _Spawner) -> None:
        self._spawner = spawner
        self._farewell: asyncio.Task[None] | None = None
        self._restarts: int | None = None
        """How often the session was started again in its place, as last seen; None: not known."""
        self._restart_shown: asyncio.Task[bool] | None = None

    def started(self, pod: Manifest | None) -> None:  # noqa: ARG002 -- the protocol's
        """Follow the new pod."""
        self._follow_end()
        self._restarts = 0

    def seen_running(self, pod: Manifest | None) -> None:
        """Follow the pod of a hub that was restarted, and note whether the program was."""
        self._follow_end()
        if pod is not None:
            self._note_restart(pod)

    def cleared(self) -> None:
        """Follow no longer."""
        if reflector := self._spawner.pod_reflector:
            reflector.when_ending.pop(self._spawner.watched_pod.key, None)
        if self._restart_shown:
            self._restart_shown.cancel()
        self._restarts = None

    def _follow_end(self) -> None:
        reflector = self._spawner.pod_reflector
        if reflector and self._spawner.show_notice:
            reflector.when_ending[self._spawner.watched_pod.key] = self._taken_away

    def _note_restart(self, pod: Manifest) -> None:
        """Say so if the session ran out of memory and was started again in its place."""
        before, self._restarts = self._restarts, restarts(pod)
        sentence = restarted(pod) if before is not None and self._restarts > before else None
        if sentence and self._spawner.show_notice:
            if self._restart_shown:
                self._restart_shown.cancel()
            notice = Notice(_RESTART_NOTICE, sentence, NoticeLevel.WARNING)
            self._restart_shown = asyncio.create_task(
                deliver(
                    self._spawner, lambda: notice if self._spawner.ready else None, "its restart"
                )
            )

    def _taken_away(self, sentence: str) -> None:
        if self._spawner.ready:
            self._farewell = asyncio.create_task(self._say_why(sentence))

    async def _say_why(self, sentence: str) -> None:
        show = self._spawner.show_notice
        assert show is not None  # else nothing is followed
        try:
            await show(self._spawner, Notice(END_REASON_NOTICE, sentence, NoticeLevel.WARNING))
        except NOT_SHOWN as error:
            self._spawner.log.info(
                "%s ended before it could be shown why: %s", self._spawner._log_name, error
            )
