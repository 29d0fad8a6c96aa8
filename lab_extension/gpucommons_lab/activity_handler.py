"""The session's endpoint that tells how it is used."""

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from gpucommons_lab.session_api import SessionAPIHandler
from gpucommons_lab.session_use import SessionUse


class ActivityHandler(SessionAPIHandler):
    """What runs, and when somebody last worked. Asking is not activity."""

    def initialize(self, use: SessionUse) -> None:
        """Take what looks at the session."""
        self._use = use

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Answer with a `SessionActivity`."""
        activity = await self._use.tell()
        await self.answer(activity.to_json())
