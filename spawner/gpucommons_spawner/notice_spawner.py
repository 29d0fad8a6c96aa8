"""Shows the notices that stand in sessions that start; those that run were told already."""

import asyncio
from functools import partial
from typing import ClassVar

from gpucommons_contract import NOTICES_NAMESPACE, Label, Notice
from traitlets import Bool

from gpucommons_spawner.standing_notices import StandingNotices
from gpucommons_spawner.telling_spawner import TellingSpawner
from gpucommons_spawner.watch import Manifest


class NoticeSpawner(TellingSpawner):
    """Tells a session once people can get in, and no other: a restarted hub repeats nothing."""

    watch_notices = Bool(
        True,
        config=True,
        help=f"""
        Whether to follow the notices that ``gpucommons notice send`` makes, and to show them in
        sessions that start, for as long as they stand. The hub needs the right to list and watch
        ConfigMaps in the namespace ``{NOTICES_NAMESPACE}``. Set this to False where it has not:
        only sessions that run when a notice is sent are told then.
        """,
    )

    notices: ClassVar[StandingNotices] = StandingNotices()
    """What sessions are told when they start; one list for the hub."""
    _notices_following: ClassVar["asyncio.Task[None] | None"] = None
    _greeting: "asyncio.Task[None] | None" = None

    async def _start(self) -> str:
        url: str = await super()._start()
        self._when_up(self._greet)
        return url

    async def _resumed(self, pod: Manifest) -> bool:
        goes_on = await super()._resumed(pod)
        if goes_on:
            self._when_up(self._greet)
        return goes_on

    def clear_state(self) -> None:
        """Tell no longer: the session is gone."""
        super().clear_state()
        if self._greeting:
            self._greeting.cancel()

    def follow(self) -> None:
        """Follow the notices too, once for the hub."""
        super().follow()
        cls = NoticeSpawner
        if self._greets and (cls._notices_following is None or cls._notices_following.done()):
            cls._notices_following = cls.notices.begin(
                self.api, self.log, NOTICES_NAMESPACE, Label.STANDING_NOTICE
            )

    @property
    def _greets(self) -> bool:
        return bool(self.watch_notices and self.show_notice)

    def _greet(self) -> None:
        if self._greets:
            self._greeting = asyncio.create_task(self._tell_what_stands())

    async def _tell_what_stands(self) -> None:
        await self.notices.known.wait()
        found = self.notices.for_user(self.user.name)
        told = (self.tell(partial(self._standing, each), f"the notice {each}") for each in found)
        await asyncio.gather(*told)

    def _standing(self, notice_id: str) -> Notice | None:
        """Answer a notice as it is now; None once it was taken back, or the session ends."""
        return self.notices.for_user(self.user.name).get(notice_id) if self.ready else None
