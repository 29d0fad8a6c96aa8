"""Asks a service of the hub in the name of the hub's own, which may do that and nothing else."""

import logging
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import aiohttp
from gpucommons_contract import NOTICE_SERVICE
from jupyterhub import orm
from jupyterhub.httpclient import JupyterHubHTTPClient
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from yarl import URL

from gpucommons_sessions.hub_database import roll_back
from gpucommons_sessions.service_address import service_url

_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_TOKEN_LIFE_S = 3600
_RENEWED_S = 300
"""How long before its end a token is replaced."""

log = logging.getLogger(__name__)


class NoAnswerError(Exception):
    """The service did not answer, or refused, or it is not known where it is."""

    def __init__(self, why: str, status: int | None = None) -> None:
        """status: of HTTP, where it refused."""
        super().__init__(why)
        self.status = status


class AskedService:
    """One for the hub and a service that it asks: it keeps a token for an hour."""

    def __init__(
        self, name: str, title: str, note: str, scopes: Sequence[str], timeout_seconds: float
    ) -> None:
        """note: what the token is for. scopes: what it may do."""
        self._name, self._title, self._note, self._scopes = name, title, note, scopes
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._token, self._until = "", 0.0

    def is_there(self, db: Session) -> bool:
        """Whether the hub has an address of it; False while its database does not answer."""
        try:
            return self.find(db)
        except NoAnswerError as error:
            log.warning("It is not known whether there is %s: %s", self._title, error)
            return False

    def find(self, db: Session) -> bool:
        """Return whether the hub has an address of it. Raises NoAnswerError."""
        return self._url(db) is not None

    async def get(
        self, db: Session, path: str, query: Mapping[str, str] | None = None
    ) -> bytes | None:
        """Return what it answers; None where the hub has no address of it. Raises NoAnswerError.

        db: the hub's.
        """
        return await self._called(db, "GET", path, query, None)

    async def post(self, db: Session, path: str, body: str) -> bytes | None:
        """Send JSON; else as ``get``."""
        return await self._called(db, "POST", path, None, body)

    async def _called(
        self, db: Session, method: str, path: str, query: Mapping[str, str] | None, body: str | None
    ) -> bytes | None:
        url = self._url(db)
        if url is None:
            return None
        try:
            token = self._token_for(db)
        except SQLAlchemyError as error:
            raise _away(db, error) from error
        try:
            where = url.joinpath(path, encoded=True).with_query(query)
            return await self._ask(method, where, token, body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            status = getattr(error, "status", None)
            if status in _REFUSALS:
                self._until = 0.0  # the token is no longer good
            raise NoAnswerError(str(error) or type(error).__name__, status) from error

    async def _ask(self, method: str, url: URL, token: str, body: str | None) -> bytes:
        client = JupyterHubHTTPClient()
        try:
            answer = await client.fetch(
                url,
                method=method,
                headers={"Authorization": f"token {token}", "Content-Type": "application/json"},
                data=body,
                allow_redirects=False,
                timeout=self._timeout,
            )
            said: bytes = await answer.read()
        finally:
            await client.close()
        return said

    def _token_for(self, db: Session) -> str:
        """Return a token of the hub's own service. Raises NoAnswerError without that service, or
        if it may not do what is needed.
        """
        now = time.monotonic()
        if now > self._until - _RENEWED_S:
            service = orm.Service.find(db, NOTICE_SERVICE)
            if service is None:
                raise NoAnswerError(f"the hub's configuration lists no service {NOTICE_SERVICE}")
            try:
                self._token = service.new_api_token(
                    note=self._note, expires_in=_TOKEN_LIFE_S, scopes=list(self._scopes)
                )
            except ValueError as error:
                raise NoAnswerError(str(error)) from error
            self._until = now + _TOKEN_LIFE_S
        return self._token

    def _url(self, db: Session) -> URL | None:
        """Return where it is. Raises NoAnswerError while the hub's database does not answer."""
        try:
            return service_url(db, self._name)
        except SQLAlchemyError as error:
            raise _away(db, error) from error


def _away(db: Session, error: SQLAlchemyError) -> NoAnswerError:
    roll_back(db)
    return NoAnswerError(f"the hub's database does not answer: {error}")
