"""The session's endpoint for who is about to end it, and gives open pages time before that."""

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from gpucommons_lab.farewell import Farewell
from gpucommons_lab.session_api import SessionAPIHandler


class FarewellHandler(SessionAPIHandler):
    """Has open pages save. It ends nothing."""

    def initialize(self, farewell: Farewell) -> None:
        """Take the server's only farewell."""
        self._farewell = farewell

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Answer once open pages had their time."""
        await self._farewell.say()
        await self.done()
