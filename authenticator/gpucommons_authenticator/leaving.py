"""Sessions of somebody who may not be here any more: told, and stopped after a grace."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from logging import Logger
from typing import Any

from gpucommons_contract import Notice, NoticeLevel
from jupyterhub import orm
from jupyterhub.apihandlers.users import SelfAPIHandler
from jupyterhub.app import JupyterHub
from jupyterhub.spawner import Spawner
from jupyterhub.user import User
from tornado.web import RequestHandler

from gpucommons_authenticator.auth_model import auth_state_of
from gpucommons_authenticator.session_calls import (
    CALL_ERRORS,
    show_notice,
    stop_session,
    withdraw_notice,
)

_NOTICE_ID = "removed"
_POLL_S = 1.0
_STOP_TRIES = 300
"""How often, a second apart, a session is stopped that is still starting or stopping."""
_RESUME_S = 10.0
"""After its start, how long the hub may take to find its sessions again."""

Vouched = Callable[[User], Awaitable[bool]]


class Leaving:
    """Who is about to leave. Their sessions go on until then, and they may finish in them.

    vouched asks once more, when the time has come, whether somebody may stay after all.
    """

    def __init__(self, vouched: Vouched, log: Logger) -> None:
        self._vouched = vouched
        self._log = log
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._withdrawing: set[asyncio.Task[None]] = set()

    def begin(self, user: User, stops_at: float) -> list[str]:
        """Tell somebody's sessions when they stop, and see to it; returns their names.

        stops_at is in seconds since the epoch. Said again, the new time counts.
        """
        running = [spawner for spawner in user.spawners.values() if spawner.ready]
        self._start(user, self._told(user, running, stops_at))
        return [spawner.name for spawner in running]

    def going(self, name: str) -> bool:
        """Say whether somebody is about to leave."""
        return name in self._leaving

    def cancel(self, user: User) -> None:
        """Let the sessions of somebody who may be here again go on, and say no more of it."""
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
        """Go on with who was about to leave when the hub was stopped. Nobody is told again."""
        with_sessions = (
            app.db.query(orm.User)
            .join(orm.Spawner, orm.Spawner.user_id == orm.User.id)
            .filter(orm.Spawner.server_id.isnot(None))
        )
        for found in with_sessions.all():
            user = app.users[found]
            leaving_at = (await auth_state_of(user)).get("leaving_at")
            if isinstance(leaving_at, int | float) and not self.going(user.name):
                stops_at = max(leaving_at, time.time() + _RESUME_S)
                self._log.info("%s is still about to leave", user.name)
                self._start(user, self._leave(user, stops_at))

    def _start(self, user: User, leave: Coroutine[Any, Any, None]) -> None:
        if earlier := self._leaving.pop(user.name, None):
            earlier.cancel()
        task = self._leaving[user.name] = asyncio.create_task(leave)
        task.add_done_callback(lambda done: self._forget(user.name, done))

    async def _told(self, user: User, running: list[Spawner], stops_at: float) -> None:
        if stops_at > time.time():
            await asyncio.gather(*(self._tell(spawner, stops_at) for spawner in running))
        await self._leave(user, stops_at)

    async def _leave(self, user: User, stops_at: float) -> None:
        wait = stops_at - time.time()
        if wait > 0:
            await asyncio.sleep(wait)
            if await self._vouched(user):
                self._log.info("%s may stay after all", user.name)
                await self._take_back(user)
                return
        await self._stop(user)

    async def _stop(self, user: User) -> None:
        """Stop everything; what is just starting or stopping is waited for."""
        for _ in range(_STOP_TRIES):
            active = [spawner for spawner in user.spawners.values() if spawner.active]
            if not active:
                return
            for spawner in active:
                if not spawner.pending:
                    self._log.info("Stopping %s, whose owner was removed", spawner._log_name)
                    await self._call(stop_session(spawner), spawner, "be stopped")
            await asyncio.sleep(_POLL_S)
        self._log.error("Sessions of %s were not all stopped", user.name)

    async def _tell(self, spawner: Spawner, stops_at: float) -> None:
        """Show a notice in one session. One that cannot be told is stopped all the same."""
        notice = Notice(
            id=_NOTICE_ID,
            text="Your account was removed or changed. Save your work: this session stops.",
            level=NoticeLevel.WARNING,
            ends_at=stops_at,
        )
        await self._call(show_notice(spawner, notice), spawner, "be told that it stops")

    async def _take_back(self, user: User) -> None:
        running = [spawner for spawner in user.spawners.values() if spawner.ready]
        for spawner in running:
            call = withdraw_notice(spawner, _NOTICE_ID)
            await self._call(call, spawner, "be told that it goes on")

    async def _call(self, call: Awaitable[None], spawner: Spawner, what: str) -> None:
        try:
            await call
        except CALL_ERRORS as error:
            self._log.warning("%s could not %s: %s", spawner._log_name, what, error)

    def _forget(self, name: str, done: "asyncio.Task[None]") -> None:
        if self._leaving.get(name) is done:
            del self._leaving[name]
        if not done.cancelled() and (error := done.exception()):
            self._log.error("Sessions of %s were not all stopped", name, exc_info=error)
