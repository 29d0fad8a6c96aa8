"""What the session's own endpoints share."""

from jupyter_server.base.handlers import APIHandler


class SessionAPIHandler(APIHandler):
    """An endpoint of the session. Requests to it do not count as activity."""

    auth_resource = "gpucommons"
    _track_activity = False

    async def answer(self, text: str) -> None:
        """Finish with JSON that must not be cached."""
        self.set_header("Cache-Control", "no-store")
        await self.finish(text)

    async def done(self) -> None:
        """Finish without content."""
        self.set_status(204)
        await self.finish()
