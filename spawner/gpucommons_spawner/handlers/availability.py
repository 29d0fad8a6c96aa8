"""The hub endpoint that tells what is free: one answer, or a stream of them for the page."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import ClassVar

from jupyterhub.apihandlers import APIHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.user import User
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

STREAMS_AT_ONCE = 6
"""For each person. A page that is not looked at has none; browsers open six to a host."""
LONGEST_SECONDS = 600.0
"""A stream ends after this time, and the page opens it again: who is signed out then learns it."""
_STREAM = "text/event-stream"


class AvailabilityHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """What is free per size and, for one person, why not.

    ``user`` names another person than the asking one, whose servers one may start;
    ``server`` the server to be started, so that what it holds does not count.
    Who accepts ``text/event-stream`` gets the answer now and again whenever it changes.
    """

    _open: ClassVar[Counter[str]] = Counter()

    _streaming: asyncio.Future[None] | None = None

    def on_connection_close(self) -> None:
        """End the stream of a page that was left, and do not wait for the next change."""
        super().on_connection_close()
        if self._streaming is not None:
            self._streaming.cancel()

    def _record_activity(self, *_args: object, **_more: object) -> bool:
        """Looking at this does not count as activity."""
        return False

    async def get(self) -> None:
        """Return the sizes and what the person holds."""
        name = self.get_argument("user", "")
        if not name:
            if not isinstance(self.current_user, User):
                raise HTTPError(403, "Sign in, or name a user with ?user=NAME.")
            name = self.current_user.name
        await self._answer(user_name=name)

    @needs_scope("start:servers")  # type: ignore[untyped-decorator]
    async def _answer(self, user_name: str) -> None:
        user = self.find_user(user_name)
        if user is None:
            raise HTTPError(404, "There is no such user.")
        self.set_header("Cache-Control", "no-store")
        if _STREAM in self.request.headers.get("Accept", ""):
            with self._one_of_few(), contextlib.suppress(asyncio.CancelledError):
                self._streaming = asyncio.ensure_future(self._stream(user))
                await self._streaming
        else:
            self.finish(
                user.spawner.hub_state.availability_text(
                    user.spawner, self.get_argument("server", "")
                )
            )

    @contextlib.contextmanager
    def _one_of_few(self) -> Iterator[None]:
        name = self.current_user.name
        if self._open[name] >= STREAMS_AT_ONCE:
            raise HTTPError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"You have {STREAMS_AT_ONCE} of these streams open. Close other pages.",
            )
        self._open[name] += 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]

    async def _stream(self, user: User) -> None:
        """Send the answer whenever it changes, until the page or the person is gone.

        One signal for the hub wakes all streams; a comment is sent at the others, because
        proxies close what is silent. A slow reader misses what was not the last.
        """
        self.set_header("Content-Type", _STREAM)
        self.set_header("X-Accel-Buffering", "no")
        server, hub = self.get_argument("server", ""), user.spawner.hub_state
        people = [each for each in (user, self.current_user) if isinstance(each, User)]
        until, sent = hub.change_signal.now() + LONGEST_SECONDS, None
        with hub.changes_followed(user.spawner), contextlib.suppress(StreamClosedError):
            while self._are_there(people) and hub.change_signal.now() < until:
                number = hub.change_signal.number
                text = hub.availability_text(user.spawner, server)
                self.write(f"data: {text}\n\n" if text != sent else ":\n\n")
                await self.flush()
                sent = text
                await hub.change_signal.after(number)

    def _are_there(self, people: list[User]) -> bool:
        """Whether nobody of them was deleted meanwhile. Asks no database."""
        return all(each.id in self.users and self.users[each.id] is each for each in people)
