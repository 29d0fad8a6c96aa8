"""The hub's endpoint that shows a notice in many sessions at once, such as of maintenance."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping

from gpucommons_contract import (
    SEND_NOTICES_SCOPE,
    Endpoint,
    Notice,
    NoticeError,
    read_notice,
    with_message,
)
from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.spawner import Spawner
from tornado.web import HTTPError

from gpucommons_sessions.client import CALL_ERRORS, show_notice, withdraw_notice

_AT_ONCE = 20
"""Calls that run at the same time, so that the hub keeps answering others."""
_FIELDS = ("id", "text", "level", "ends_at")
"""No choices: nobody would look for the answers."""
_MAY_SEND = ("delete:servers", SEND_NOTICES_SCOPE)


class NoticesHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Whoever may stop any session may also show a notice in it, and so may who may only that.

    Only sessions that run now get it. The spawner shows the notices in force to those that
    start later: see contract/gpucommons_contract/sessions/standing_notices.py.
    """

    async def post(self) -> None:
        """Show the notice in the body."""
        # Not needs_scope: a hub that does not define the one of our own must start, too.
        if not any(self.has_scope(each) for each in _MAY_SEND):
            raise HTTPError(403, f"This needs one of the scopes: {', '.join(_MAY_SEND)}")
        body = self.get_json_body()
        if not isinstance(body, dict):
            raise HTTPError(400, 'The body must be an object, such as {"notice": {...}}')
        notice, users = _notice(body), _users(body.get("users"))
        await self._call(lambda spawner: show_notice(spawner, notice), users)

    @needs_scope("delete:servers")  # type: ignore[untyped-decorator]
    async def delete(self) -> None:
        """Withdraw the notice ``?id=``."""
        notice_id = self.get_query_argument("id", "")
        if not notice_id:
            raise HTTPError(400, "Say which notice to withdraw: DELETE ...?id=ID")
        await self._call(lambda spawner: withdraw_notice(spawner, notice_id), None)

    async def _call(
        self, call: Callable[[Spawner], Awaitable[None]], users: Collection[str] | None
    ) -> None:
        running = [
            spawner
            for user in list(self.users.values())
            if users is None or user.name in users
            for spawner in user.spawners.values()
            if spawner.ready
        ]
        turns = asyncio.Semaphore(_AT_ONCE)
        told: list[str] = []
        missed: list[str] = []

        async def tell(spawner: Spawner) -> None:
            name = f"{spawner.user.name}/{spawner.name}"
            async with turns:
                try:
                    await call(spawner)
                except CALL_ERRORS as error:
                    self.log.warning("The notice did not reach %s: %s", name, error)
                    missed.append(name)
                else:
                    told.append(name)

        await asyncio.gather(*(tell(spawner) for spawner in running))
        self.write({"told": sorted(told), "missed": sorted(missed)})


def _notice(body: Mapping[str, object]) -> Notice:
    said, message = body.get("notice"), body.get("message")
    if not isinstance(said, dict) or (set(said) - set(_FIELDS)):
        raise HTTPError(400, f"notice must be an object with: {', '.join(_FIELDS)}")
    try:
        found = read_notice(said)
        return with_message(found, None if message is None else json.dumps(message))
    except (NoticeError, ValueError) as error:
        raise HTTPError(400, f"notice: {error}") from error


def _users(said: object) -> set[str] | None:
    if said is None:
        return None
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise HTTPError(
            400, "users must be a list of names; without it, the notice is for everybody"
        )
    return set(said)


HANDLERS = [(f"/{Endpoint.HUB_NOTICES}", NoticesHandler)]
"""For JupyterHub.extra_handlers."""
