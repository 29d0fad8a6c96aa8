"""The session's endpoint that tells what it is."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime

from gpucommons_contract import SessionInfo, SessionStatus, SessionVariable
from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from gpucommons_lab.session_api import SessionAPIHandler

log = logging.getLogger(__name__)


def session_info(environ: Mapping[str, str]) -> SessionInfo | None:
    """Read what the spawner wrote into the environment; None if it started no such session.

    What a newer spawner says beyond what is known here is left out.
    """
    text = environ.get(SessionVariable.SESSION)
    if not text:
        return None
    known = {field.name for field in fields(SessionInfo)}
    try:
        return SessionInfo(
            **{key: value for key, value in json.loads(text).items() if key in known}
        )
    except (ValueError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read: %s", SessionVariable.SESSION, error)
        return None


class SessionHandler(SessionAPIHandler):
    """What was picked, since when it runs and when it ends. Looking is not activity."""

    def initialize(self, session: SessionInfo | None) -> None:
        """Take what the spawner said."""
        self._session = session

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Answer with a `SessionStatus`."""
        begun: datetime = self.settings["started"]  # Jupyter Server's own, in UTC
        started = begun.timestamp()
        longest = self._session.longest if self._session else None
        status = SessionStatus(
            session=self._session,
            started=started,
            ends=None if longest is None else started + longest,
        )
        await self.answer(json.dumps(asdict(status)))
