"""Asks the idle culler what it knows of a person's sessions, for the pages of the hub."""

import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from gpucommons_contract import IDLE_SERVICE, NOTICE_SERVICE
from jupyterhub import orm
from jupyterhub.httpclient import JupyterHubHTTPClient
from jupyterhub.objects import Server
from jupyterhub.utils import url_path_join
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from yarl import URL

from gpucommons_sessions.hub_database import roll_back

IDLE_SCOPES = ("admin-ui", f"access:services!service={IDLE_SERVICE}")
"""What the hub's own service may do to be told of everybody's sessions."""

SessionAnswers = Mapping[str, Mapping[str, Any]]
"""By a server's name, a session as the culler's ``api/sessions`` describes it."""

_TIMEOUT_S = 2.0
"""A page waits for this; it says more than what the culler knows."""
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_TOKEN_LIFE_S = 3600
_RENEWED_S = 300
"""How long before its end a token is replaced."""

log = logging.getLogger(__name__)


class IdleCuller:
    """One for the hub: it keeps a token for an hour, and asks only when somebody looks."""

    def __init__(self) -> None:
        self._token, self._until = "", 0.0

    async def sessions_of(self, db: Session, user: str) -> SessionAnswers | None:
        """Return a person's sessions, as far as the culler answers within two seconds.

        db: the hub's. Empty without an answer; None where the hub has no culler with pages.
        """
        try:
            url = _url(db)
            if url is None:
                return None
            return await self._ask(url.with_query(user=user), self._token_for(db))
        except SQLAlchemyError as error:
            roll_back(db)
            log.warning("The idle culler is not asked: %s", error)
        except (aiohttp.ClientError, OSError, LookupError, ValueError) as error:
            if getattr(error, "status", None) in _REFUSALS:
                self._until = 0.0  # the token is no longer good
            log.warning("The idle culler does not answer: %s", error or type(error).__name__)
        return {}

    async def _ask(self, url: URL, token: str) -> SessionAnswers:
        client = JupyterHubHTTPClient()
        try:
            answer = await client.fetch(
                url,
                headers={"Authorization": f"token {token}"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
            )
            sessions = (await answer.json())["sessions"]
        finally:
            await client.close()
        return {each["server"]: each for each in sessions}

    def _token_for(self, db: Session) -> str:
        """Return a token of the hub's own service. Raises LookupError without that service, and
        ValueError if it may not do what is needed.
        """
        now = time.monotonic()
        if now > self._until - _RENEWED_S:
            service = orm.Service.find(db, NOTICE_SERVICE)
            if service is None:
                raise LookupError(f"the hub's configuration lists no service {NOTICE_SERVICE}")
            self._token = service.new_api_token(
                note="What the idle culler knows of sessions",
                expires_in=_TOKEN_LIFE_S,
                scopes=list(IDLE_SCOPES),
            )
            self._until = now + _TOKEN_LIFE_S
        return self._token


def _url(db: Session) -> URL | None:
    """Return where the culler lists sessions; None if the hub has no address of it."""
    service = orm.Service.find(db, IDLE_SERVICE)
    if service is None or service.server is None:
        return None
    return URL(url_path_join(Server(orm_server=service.server).url, "api/sessions"), encoded=True)
