"""The form on "My sessions" that ends a session, or its wait, and starts it with another size."""

import asyncio
from http import HTTPStatus
from typing import Any

from gpucommons_contract.words import phrase
from jupyterhub.handlers import BaseHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.user import User
from jupyterhub.utils import url_path_join
from tornado.web import HTTPError, authenticated

from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.picker.another_size import options_with
from gpucommons_spawner.selection.selection import PROFILE

_LOOK_SECONDS = 0.1
_LONGEST_CANCEL_SECONDS = 10.0
"""For a start to come to its end once it is cancelled; it takes a moment."""


class AnotherSizeHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """POST ``size=NAME`` checks that it can be had, and only then ends anything.

    The hub does the rest, whether the page stays open or not: it waits until the session is gone,
    and starts the next one. GET shows a page that waits for that, and leads to the start.
    """

    @authenticated
    @needs_scope("start:servers")  # type: ignore[untyped-decorator]
    async def get(self, user_name: str, server_name: str = "") -> None:
        """Say what is under way, or lead to where the start is told of.

        To "My sessions" where none was begun: a hub that is restarted forgets what was to follow.
        """
        user, spawner = self._session(user_name, server_name)
        follows = spawner.hub_state.size_changes.get((user.name, server_name))
        if follows is None:
            begun = spawner.active or spawner._failed
            path = ("spawn-pending", user.escaped_name, server_name) if begun else ("home",)
            self.redirect(url_path_join(self.hub.base_url, *filter(None, path)))
            return
        page = await self.render_template(
            "stop_pending.html",
            user=user,
            spawner=spawner,
            follows=follows,
            next_url=self.request.path,
            auth_state=None,
        )
        self.finish(page)

    @authenticated
    @needs_scope("delete:servers")  # type: ignore[untyped-decorator]
    @needs_scope("start:servers")  # type: ignore[untyped-decorator]
    async def post(self, user_name: str, server_name: str = "") -> None:
        """Change the size. Of two presses the first one counts."""
        user, spawner = self._session(user_name, server_name)
        changes, key = spawner.hub_state.size_changes, (user.name, server_name)
        size = self.get_body_argument("size", "")
        if not size:
            raise HTTPError(
                HTTPStatus.BAD_REQUEST, phrase("Choose a size. Your session was not ended.")
            )
        await self._demand_sign_in(user)
        try:
            options = await options_with(spawner, size)
        except SpawnRefusedError as error:
            if key not in changes:  # or the first press may have taken it
                raise HTTPError(error.status_code, error.jupyterhub_message) from error
        if key in changes or size == spawner.user_options.get("size"):
            self.redirect(self.request.path, status=HTTPStatus.SEE_OTHER)
            return
        self._demand_that_it_goes_on(spawner)
        changes[key] = options[PROFILE]
        try:
            self.redirect(self.request.path, status=HTTPStatus.SEE_OTHER)
            await self._end(user, spawner)
            start = await self._begin(user, server_name, options)
        finally:
            del changes[key]
        await start

    async def _demand_sign_in(self, user: User) -> None:
        """Refuse whom the hub would not let start a session, before one is ended."""
        if self.authenticator.refresh_pre_spawn and not await self.refresh_auth(user, force=True):
            raise HTTPError(
                HTTPStatus.FORBIDDEN,
                phrase("Sign out and in again first. Your session was not ended."),
            )

    def _demand_that_it_goes_on(self, spawner: Any) -> None:  # noqa: ANN401 -- JupyterHub's
        """Refuse what the page was not made for: ``waiting`` says that a start waited then."""
        if not spawner.active or (spawner.pending or "spawn") != "spawn":
            raise HTTPError(
                HTTPStatus.CONFLICT, phrase("This session does not run, or ends already.")
            )
        if self.get_body_argument("waiting", "") and spawner.pending != "spawn":
            raise HTTPError(
                HTTPStatus.CONFLICT, phrase("Your session runs by now. It was not ended.")
            )

    def _session(self, user_name: str, server_name: str) -> tuple[User, Any]:
        user = self.find_user(user_name)
        is_known = user is not None and server_name in user.orm_user.orm_spawners
        spawner = user.spawners[server_name] if is_known else None
        if not hasattr(spawner, "my_sessions"):  # other spawners have none
            raise HTTPError(HTTPStatus.NOT_FOUND, phrase("There is no such session."))
        return user, spawner

    async def _end(self, user: User, spawner: Any) -> None:  # noqa: ANN401 -- JupyterHub's
        """Cancel a start that waits, or stop a session, and wait until it is gone."""
        if spawner.pending and spawner._spawn_future:
            spawner._spawn_future.cancel()
            async with asyncio.timeout(_LONGEST_CANCEL_SECONDS):
                while spawner.pending:  # noqa: ASYNC110 -- JupyterHub announces nothing
                    await asyncio.sleep(_LOOK_SECONDS)
        if user.spawners[spawner.name].active:  # a start may have ended by itself
            await (await self.stop_single_user(user, spawner.name))

    async def _begin(
        self, user: User, server_name: str, options: dict[str, str]
    ) -> asyncio.Future[None]:
        """Start it, and return once that is under way. Raises HTTPError if it did not end."""
        if user.spawners[server_name].active:
            raise HTTPError(
                HTTPStatus.INTERNAL_SERVER_ERROR, phrase("The session could not be stopped.")
            )
        begun = self.spawn_single_user(user, server_name, options=options)
        start: asyncio.Future[None] = asyncio.ensure_future(begun)
        while not (start.done() or user.spawners[server_name].pending):  # noqa: ASYNC110 -- as above
            await asyncio.sleep(_LOOK_SECONDS)
        return start
