"""The session's endpoints that say what it is and how it is used."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime

from gpucommons_contract import SessionInfo, SessionStatus, SessionVariable
from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from gpucommons_lab.activity.idle_rule import CurrentIdleRule
from gpucommons_lab.activity.session import SessionActivityProbe
from gpucommons_lab.web.api import SessionAPIHandler

log = logging.getLogger(__name__)


def session_info(environ: Mapping[str, str]) -> SessionInfo | None:
    """Read what the spawner wrote into the environment; None if it did not start this session.

    Fields of a newer spawner that are unknown here are left out.
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
    """What was picked, since when it runs and when it ends. Asking is not activity."""

    def initialize(self, session: SessionInfo | None, rule: CurrentIdleRule) -> None:
        """Take what the spawner wrote, and the rule that the idle culler reports since."""
        self._session = rule.of(session)

    @authenticated
    @authorized
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


class ActivityHandler(SessionAPIHandler):
    """What runs, and when somebody last worked. Asking is not activity."""

    def initialize(self, probe: SessionActivityProbe, rule: CurrentIdleRule) -> None:
        """Take what looks at the session, and where its idle rule is kept."""
        self._probe = probe
        self._rule = rule

    @authenticated
    @authorized
    async def get(self) -> None:
        """Answer with a `SessionActivity`. The request may name the idle rule in force."""
        self._rule.hear(lambda name: self.get_query_argument(name, ""))
        activity = await self._probe.look()
        await self.answer(activity.to_json())
