"""Tells the person in a session, where they look, what the hub has to tell them.

That Kubernetes takes it away, and why, comes from here; what else there is, from subclasses.
"""

import asyncio
from collections import abc
from typing import Any

from gpucommons_contract import Notice, NoticeLevel
from tornado.httpclient import HTTPClientError
from traitlets import Callable

from gpucommons_spawner.picker_spawner import PickerSpawner
from gpucommons_spawner.session_end import NOTICE_ID

_NOT_TOLD = (HTTPClientError, OSError, LookupError)
"""What a call to a session may raise: refused, no answer, or nobody to make it."""
_AGAIN_SECONDS = 30.0
"""After which a notice is sent again that did not arrive."""


class TellingSpawner(PickerSpawner):
    """Hears from the watch of pods that its session is taken away, and passes that on.

    The hub's pages say the same later; open pages of the session itself have seconds.
    """

    show_notice = Callable(
        None,
        allow_none=True,
        config=True,
        help="""
        Awaited with the spawner and a ``gpucommons_contract.Notice`` to show that in the session,
        because it is taken away, or some time before it ends because its size may last only so
        long, or because the notice stands when the session starts. The hub's configuration sets
        it to the authenticator's ``show_notice``. None, the default, tells nobody.
        """,
    )
    _farewell: "asyncio.Task[None] | None" = None

    async def _start(self) -> str:
        url: str = await super()._start()
        self._follow_end()
        return url

    async def poll(self) -> int | None:
        """Tell whether the session runs. A hub that was restarted follows it from here on."""
        status: int | None = await super().poll()
        if status is None:
            self._follow_end()
        return status

    def clear_state(self) -> None:
        """Follow no longer: the session is gone."""
        if reflector := self.pod_reflector:
            reflector.follow_end(self._pod_key, None)
        super().clear_state()

    async def tell(self, current: abc.Callable[[], Notice | None], what: str) -> None:
        """Show a notice, again and again until it has arrived, as it is each time.

        ``current`` answers None once there is nothing to show any more; ``what`` is for the log.
        """
        while notice := current():
            try:
                await self.show_notice(self, notice)
            except _NOT_TOLD as error:
                self.log.warning(
                    "%s could not be told of %s, again in %d s: %s",
                    self._log_name,
                    what,
                    _AGAIN_SECONDS,
                    error,
                )
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    def _follow_end(self) -> None:
        reflector: Any = self.pod_reflector
        if reflector and self.show_notice:
            reflector.follow_end(self._pod_key, self._taken_away)

    def _taken_away(self, sentence: str) -> None:
        if self.ready:
            self._farewell = asyncio.create_task(self._tell_why(sentence))

    async def _tell_why(self, sentence: str) -> None:
        try:
            await self.show_notice(self, Notice(NOTICE_ID, sentence, NoticeLevel.WARNING))
        except _NOT_TOLD as error:
            self.log.info("%s ended before it could be told why: %s", self._log_name, error)
