"""What the session's own endpoints have in common."""

from jupyter_server.base.handlers import APIHandler


class SessionAPIHandler(APIHandler):  # type: ignore[misc]
    """An endpoint of the session. Neither asking nor sending counts as activity."""

    auth_resource = "gpucommons"
    _track_activity = False

    async def answer(self, text: str) -> None:
        """Finish with JSON that is true now only."""
        self.set_header("Cache-Control", "no-store")
        await self.finish(text)

    async def done(self) -> None:
        """Finish with nothing to tell."""
        self.set_status(204)
        await self.finish()
