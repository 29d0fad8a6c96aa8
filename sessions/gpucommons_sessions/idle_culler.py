"""Asks the idle culler what it knows of a person's sessions, for the pages of the hub."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gpucommons_contract import IDLE_SERVICE
from sqlalchemy.orm import Session

from gpucommons_sessions.asked_service import AskedService, NoAnswerError

IDLE_SCOPES = ("admin-ui", f"access:services!service={IDLE_SERVICE}")
"""What the hub's own service may do to be told of everybody's sessions."""

SessionAnswers = Mapping[str, Mapping[str, Any]]
"""By a server's name, a session as the culler's ``api/sessions`` describes it."""

AllSessions = Mapping[tuple[str, str], Mapping[str, Any]]
"""The same of everybody, by person and server."""

_Key = TypeVar("_Key")
_TIMEOUT_S = 2.0
"""A page waits for this; it says more than what the culler knows."""

log = logging.getLogger(__name__)


class IdleCuller:
    """One for the hub: it asks only when somebody looks."""

    def __init__(self) -> None:
        self._service = AskedService(
            IDLE_SERVICE,
            "an idle culler",
            "What the idle culler knows of sessions",
            IDLE_SCOPES,
            _TIMEOUT_S,
        )

    def is_there(self, db: Session) -> bool:
        """Whether the hub has a culler with pages; False while its database does not answer."""
        return self._service.is_there(db)

    async def sessions_of(self, db: Session, user: str) -> SessionAnswers | None:
        """Return a person's sessions, as far as the culler answers within two seconds.

        db: the hub's. Empty without an answer; None where the hub has no culler with pages.
        """
        return await self._answers(db, {"user": user}, lambda each: str(each["server"]))

    async def all_sessions(self, db: Session) -> AllSessions | None:
        """Return everybody's, by person and server; otherwise as `sessions_of`."""
        return await self._answers(db, {}, lambda each: (str(each["user"]), str(each["server"])))

    async def _answers(
        self, db: Session, query: Mapping[str, str], key: Callable[[Mapping[str, Any]], _Key]
    ) -> Mapping[_Key, Mapping[str, Any]] | None:
        try:
            said = await self._service.get(db, "api/sessions", query)
            if said is None:
                return None
            return {key(each): each for each in json.loads(said)["sessions"]}
        except (NoAnswerError, LookupError, TypeError, ValueError) as error:
            log.warning("The idle culler does not answer: %s", error or type(error).__name__)
            return {}
