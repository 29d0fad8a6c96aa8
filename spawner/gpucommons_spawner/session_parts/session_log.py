"""On each line that is logged for a session: whose it is, which one, in which team and pod."""

import logging
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Protocol, Self

from gpucommons_upkeep.logs import facts_now, note
from gpucommons_upkeep.logs.about import REQUEST_ID
from sqlalchemy.exc import SQLAlchemyError

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.selection.person import Team

_SEPARATOR = ":"
"""Between person and server in JupyterHub's log."""


class _Spawner(Protocol):
    name: str
    pod_name: str
    _team: Team | None

    @property
    def _log_name(self) -> str: ...


class LoggedSession(SessionPart):
    """What lines about a session say of it, also those of the request that starts or stops it."""

    def __init__(self, spawner: _Spawner) -> None:
        self._spawner = spawner
        self._user, self._server = "", ""
        self._learn_names()
        self._request = ""
        """The id of the request that started it, while nobody can use it yet."""
        self._uid = ""

    def _learn_names(self) -> None:
        """Read them where a start needs the database anyway: a line that asked it would wait, and
        fail, while it is away.
        """
        with suppress(SQLAlchemyError):
            user, server = self._spawner._log_name, self._spawner.name
            self._user = user.removesuffix(f"{_SEPARATOR}{server}") if server else user
            self._server = server

    def facts(self) -> dict[str, str]:
        """Return what is known of it, by the fields of a line. Asks nobody."""
        spawner, team = self._spawner, self._spawner._team
        user, server = self._user, self._server
        facts = {
            "user": user,
            "session": f"{user}/{server}" if server else user,
            "team": team.name if team else "",
            "pod": spawner.pod_name,
            "pod_uid": self._uid,
        }
        return {name: value for name, value in facts.items() if value}

    @property
    def request(self) -> str:
        """The id of the request that a start is for; the hub goes on with it after the answer."""
        return self._request

    def starting(self) -> None:
        """Let the request be about it."""
        self._learn_names()
        self._request, self._uid = facts_now().get(REQUEST_ID, ""), ""
        note(**self.facts())

    def started(self, pod: Manifest | None) -> None:
        """Take the pod's own id."""
        self.seen_running(pod)
        note(**self.facts())

    def ready(self) -> None:
        """Let what follows no longer be for the request."""
        self._request = ""

    def seen_running(self, pod: Manifest | None) -> None:
        """Take the pod's own id."""
        if pod:
            self._uid = pod["metadata"].get("uid", "")

    def stopping(self) -> None:
        """Let the request be about it."""
        note(**self.facts())


class SessionLog(logging.LoggerAdapter[logging.Logger]):
    """The hub's log, for one session."""

    def __init__(self, log: logging.Logger, session: LoggedSession) -> None:
        super().__init__(log, {})
        self._session = session

    @classmethod
    def of(cls, spawner: Any, session: LoggedSession) -> Self:  # noqa: ANN401 -- a KubeSpawner
        """Return it for a spawner that has the hub's log so far."""
        return cls(spawner.log, session)

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Put the session's facts on the line, unless that says others itself."""
        own: Mapping[str, object] = kwargs.get("extra") or {}
        request = {} if REQUEST_ID in facts_now() else {REQUEST_ID: self._session.request}
        known = {name: value for name, value in request.items() if value} | self._session.facts()
        return msg, {**kwargs, "extra": {**known, **own}}
