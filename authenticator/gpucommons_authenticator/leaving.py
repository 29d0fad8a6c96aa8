"""Sessions of somebody who may not be here any more: told, and stopped after a grace."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from logging import Logger

from gpucommons_contract import Endpoint, Notice, NoticeLevel
from jupyterhub import orm
from jupyterhub.spawner import Spawner
from jupyterhub.user import User
from jupyterhub.utils import url_path_join
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

NOTICE_SERVICE = "gpucommons-notices"
"""The hub's service in whose name sessions are told: the person's own tokens are refused then."""
_NOTICE_ID = "removed"
_TOKEN_LIFE_S = 60
_TIMEOUT_S = 5.0

StopSession = Callable[[User, str], Awaitable[object]]


class Leaving:
    """The sessions that are about to stop, by person. A second call gives them a new time."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, user: User, grace: float, stop: StopSession) -> tuple[list[str], float]:
        """Tell somebody's sessions that they stop in grace seconds, and see to it.

        Returns their names, and when they stop in seconds since the epoch.
        """
        self.cancel(user.name)
        stops_at = time.time() + grace
        names = [name for name, spawner in user.spawners.items() if spawner.ready]
        task = asyncio.create_task(self._leave(user, names, stops_at, stop))
        self._tasks[user.name] = task
        task.add_done_callback(lambda done: self._forget(user.name, done))
        return names, stops_at

    def cancel(self, name: str) -> None:
        """Let the sessions of somebody who may be here again go on."""
        if task := self._tasks.pop(name, None):
            task.cancel()

    async def _leave(
        self, user: User, names: list[str], stops_at: float, stop: StopSession
    ) -> None:
        if stops_at > time.time():
            await asyncio.gather(*(self._tell(user.spawners[name], stops_at) for name in names))
            await asyncio.sleep(max(0.0, stops_at - time.time()))
        for name in names:
            if user.spawners[name].ready:
                self._log.info(
                    "Stopping %s, whose owner was removed", user.spawners[name]._log_name
                )
                await stop(user, name)

    async def _tell(self, spawner: Spawner, stops_at: float) -> None:
        """Show a notice in one session. One that cannot is stopped all the same."""
        # Whatever keeps the notice from being shown, the session has to stop.
        try:
            await self._show(spawner, stops_at)
        except (HTTPClientError, OSError, LookupError) as error:
            self._log.warning("%s could not be told that it stops: %s", spawner._log_name, error)

    async def _show(self, spawner: Spawner, stops_at: float) -> None:
        notice = Notice(
            id=_NOTICE_ID,
            text="Your account was removed or changed. Save your work: this session stops.",
            level=NoticeLevel.WARNING,
            ends_at=stops_at,
        )
        request = HTTPRequest(
            url_path_join(spawner.server.url, Endpoint.SESSION_NOTICE),
            method="POST",
            headers={"Authorization": f"token {_token_for(spawner)}"},
            body=notice.to_json(),
            request_timeout=_TIMEOUT_S,
        )
        await AsyncHTTPClient().fetch(request)

    def _forget(self, name: str, done: "asyncio.Task[None]") -> None:
        if self._tasks.get(name) is done:
            del self._tasks[name]
        if not done.cancelled() and (error := done.exception()):
            self._log.error("Sessions of %s were not all stopped", name, exc_info=error)


def _token_for(spawner: Spawner) -> str:
    """Make a token of a minute that opens this one session. Raises LookupError."""
    service = orm.Service.find(spawner.db, NOTICE_SERVICE)
    if service is None:
        raise LookupError(f"The hub's configuration lists no service {NOTICE_SERVICE}")
    scope = f"access:servers!server={spawner.user.name}/{spawner.name}"
    token: str = service.new_api_token(
        note="notice to a session", expires_in=_TOKEN_LIFE_S, scopes=[scope]
    )
    return token
