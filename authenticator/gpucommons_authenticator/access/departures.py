"""Sessions of somebody who has lost access: they get a notice, and stop after a grace period."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum, auto
from logging import Logger
from typing import Any

from gpucommons_contract import Notice, NoticeLevel
from gpucommons_contract.words import phrase
from gpucommons_sessions.client import (
    CALL_ERRORS,
    show_notice,
    stop_session,
    withdraw_notice,
)
from gpucommons_sessions.hub_database import until_it_answers
from gpucommons_upkeep import Backoff
from jupyterhub import orm
from jupyterhub.apihandlers.users import SelfAPIHandler
from jupyterhub.app import JupyterHub
from jupyterhub.spawner import Spawner
from jupyterhub.user import User
from tornado.web import RequestHandler

from gpucommons_authenticator.identity.auth_model import Because, auth_state_of, because_of

_NOTICE_ID = "removed"
_STOPPING_S = (1.0, 30.0)
"""Pauses between tries to stop what is still starting or stopping: the first, the longest."""
_LOOKING_S = (12.0, 60.0)
"""Pauses between looks when the grace is over: longer than an answer is remembered."""
_NOES = 3
"""How many noes in a row stop a session; one, if an administrator said so."""
_RESUME_S = 10.0
"""After its start, how long the hub may take to find its sessions again."""


class Verdict(Enum):
    """What a look at somebody says whose grace is over."""

    GO = auto()
    STAY = auto()
    UNKNOWN = auto()


Judge = Callable[[User, Because, float], Awaitable[Verdict]]
"""Looks again at somebody, with why they leave and when the grace was over (monotonic clock)."""


class Departures:
    """People who are about to leave. Their sessions run until then, and they may finish in them.

    judge looks again, when the time has come, whether somebody may stay after all. Nobody's
    session is stopped until it has said a clear no.
    """

    def __init__(self, judge: Judge, log: Logger) -> None:
        self._judge = judge
        self._log = log
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._withdrawing: set[asyncio.Task[None]] = set()

    def begin(self, user: User, stops_at: float, because: Because) -> list[str]:
        """Notify somebody's sessions when they will stop, and stop them then; returns their names.

        stops_at is in seconds since the epoch. A later call replaces the time.
        """
        running = _ready(user)
        self._start(user, self._notify_and_leave(user, running, stops_at, because))
        return [spawner.name for spawner in running]

    def going(self, name: str) -> bool:
        """Say whether somebody is about to leave."""
        return name in self._leaving

    def cancel(self, user: User) -> None:
        """Let the sessions of somebody who may be here again continue, and withdraw the notice."""
        task = self._leaving.pop(user.name, None)
        if task is None or task is asyncio.current_task():
            return
        task.cancel()
        withdrawing = asyncio.create_task(self._take_back(user))
        self._withdrawing.add(withdrawing)
        withdrawing.add_done_callback(self._withdrawing.discard)

    def lets_in(self, user: User, handler: RequestHandler | None) -> bool:
        """Say whether this is a session that asks who its visitor is: they may finish there.

        Nothing but that: the hub's pages and its API stay closed, and so does every session
        of others.
        """
        if not self.going(user.name) or not isinstance(handler, SelfAPIHandler):
            return False
        token = handler.get_token()
        sessions = {spawner.oauth_client_id for spawner in user.spawners.values()}
        return token is not None and token.client_id in sessions

    async def resume(self, app: JupyterHub) -> None:
        """Go on with those who were about to leave when the hub stopped; no second notice."""
        pause = Backoff(*_LOOKING_S)
        while True:
            try:
                await self._resume(app)
            except Exception:  # such as of the database: nobody may be forgotten for that
                self._log.exception("The people about to leave could not be read; trying again")
                await asyncio.sleep(pause.pause())
            else:
                return

    async def _resume(self, app: JupyterHub) -> None:
        with_sessions = (
            app.db.query(orm.User)
            .join(orm.Spawner, orm.Spawner.user_id == orm.User.id)
            .filter(orm.Spawner.server_id.isnot(None))
        )
        for found in with_sessions.all():
            user = app.users[found]
            auth_state = await auth_state_of(user)
            leaving_at = auth_state.get("leaving_at")
            if isinstance(leaving_at, int | float) and not self.going(user.name):
                stops_at = max(leaving_at, time.time() + _RESUME_S)
                self._log.info("%s is still about to leave", user.name)
                self._start(user, self._leave(user, stops_at, because_of(auth_state)))

    def _start(self, user: User, leave: Coroutine[Any, Any, None]) -> None:
        if earlier := self._leaving.pop(user.name, None):
            earlier.cancel()
        name = user.name
        task = self._leaving[name] = asyncio.create_task(leave)
        task.add_done_callback(lambda done: self._forget(name, done))

    async def _notify_and_leave(
        self, user: User, running: list[Spawner], stops_at: float, because: Because
    ) -> None:
        if stops_at > time.time():
            await self._tell_all(running, stops_at)
        await self._leave(user, stops_at, because)

    async def _leave(self, user: User, stops_at: float, because: Because) -> None:
        wait = max(0.0, stops_at - time.time())
        await asyncio.sleep(wait)
        # A clear no without a grace has just been heard.
        at_once = not wait and because is not Because.UNCLEAR
        if at_once or not await self._may_stay(user, because):
            await self._stop(user)
            return
        self._log.info("%s may stay after all", user.name)
        await self._take_back(user)

    async def _may_stay(self, user: User, because: Because) -> bool:
        """Look until it is clear, whatever does not answer meanwhile."""
        await self._until_known(user)
        name = user.name
        since, pause, noes = time.monotonic(), Backoff(*_LOOKING_S), 0
        needed = 1 if because is Because.TOLD else _NOES
        while (verdict := await self._verdict(user, because, since)) is not Verdict.STAY:
            noes = noes + 1 if verdict is Verdict.GO else 0
            if noes >= needed:
                return False
            if verdict is Verdict.UNKNOWN:
                self._log.info(
                    "Whether %s may stay is not known; their sessions keep running", name
                )
            else:
                pause.reset()
            seconds = pause.pause()
            await self._tell_all(_ready(user), time.time() + seconds)
            await asyncio.sleep(seconds)
        return True

    async def _verdict(self, user: User, because: Because, since: float) -> Verdict:
        await self._until_known(user)
        name = user.name
        try:
            return await self._judge(user, because, since)
        except Exception:  # such as of the database, which says nothing of the person
            self._log.exception("%s could not be checked", name)
            return Verdict.UNKNOWN

    async def _until_known(self, user: User) -> None:
        """Wait for the hub's database: without it not even a name is known."""
        await until_it_answers(user.db, self._log, "a check of somebody who is about to leave")

    async def _stop(self, user: User) -> None:
        """Stop everything, and call off what is just starting."""
        pause = Backoff(*_STOPPING_S)
        await self._until_known(user)
        while active := [spawner for spawner in user.spawners.values() if spawner.active]:
            for spawner in active:
                if spawner.pending != "stop":
                    self._log.info("Stopping %s, whose owner was removed", spawner._log_name)
                    await self._call(stop_session(spawner), spawner, "be stopped")
            await asyncio.sleep(pause.pause())
            await self._until_known(user)

    async def _tell_all(self, running: list[Spawner], stops_at: float) -> None:
        await asyncio.gather(*(self._tell(spawner, stops_at) for spawner in running))

    async def _tell(self, spawner: Spawner, stops_at: float) -> None:
        """Show a notice in one session. One that cannot be reached is stopped nevertheless."""
        notice = Notice(
            id=_NOTICE_ID,
            text=phrase("Your account was removed or changed. Save your work: this session stops."),
            level=NoticeLevel.WARNING,
            ends_at=stops_at,
        )
        await self._call(show_notice(spawner, notice), spawner, "be notified that it stops")

    async def _take_back(self, user: User) -> None:
        for spawner in _ready(user):
            call = withdraw_notice(spawner, _NOTICE_ID)
            await self._call(call, spawner, "be notified that it keeps running")

    async def _call(self, call: Awaitable[None], spawner: Spawner, what: str) -> None:
        try:
            await call
        except CALL_ERRORS as error:
            self._log.warning("%s could not %s: %s", spawner._log_name, what, error)
        except Exception:  # whatever it is, the others are notified and stopped
            self._log.exception("%s could not %s", spawner._log_name, what)

    def _forget(self, name: str, done: "asyncio.Task[None]") -> None:
        if self._leaving.get(name) is done:
            del self._leaving[name]
        if not done.cancelled() and (error := done.exception()):
            self._log.error("Sessions of %s were not all stopped", name, exc_info=error)


def _ready(user: User) -> list[Spawner]:
    return [spawner for spawner in user.spawners.values() if spawner.ready]
