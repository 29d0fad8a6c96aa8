"""What JupyterHub's database has of one server, and what is done while it does not answer.

Starts, stops and ends wait for it, so that JupyterHub can write them down. What is stored there
outlives the hub.
"""

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from gpucommons_sessions import hub_database
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, object_session

from gpucommons_spawner.lifecycle.part import SessionPart


class _Spawner(Protocol):
    user: Any
    name: str
    orm_spawner: Any
    over: str
    adopts: object
    parts: tuple[SessionPart, ...]
    user_options: Mapping[str, object]
    log: logging.Logger
    _server: object

    @property
    def _last_start(self) -> str: ...
    def get_state(self) -> dict[str, Any]: ...


class ServerRecord:
    """Reads and writes it. A spawner of a test may have none: then nothing waits, or is kept."""

    def __init__(self, spawner: _Spawner) -> None:
        self._spawner = spawner
        self.noted_start = ""
        """The start whose pod runs, as it was noted before the hub was restarted."""
        self.stop_asked = False
        """Whether a stop was asked for, and is not over."""
        self._name = ""

    # While the database is away

    @property
    def answers(self) -> bool:
        """Whether the database answers now."""
        return hub_database.answers(self._db)

    async def until_it_answers(self, what: str) -> None:
        """Wait until ``what`` JupyterHub does next can be written down."""
        who = f"{what}, {self.name},"
        await hub_database.until_it_answers(self._db, self._spawner.log, who)

    @property
    def has_server(self) -> bool:
        """Whether JupyterHub has a server; what it last had while its database is away."""
        known = self._spawner.orm_spawner
        with suppress(SQLAlchemyError):
            return (known.server if known else self._spawner._server) is not None
        return self._spawner._server is not None

    @property
    def name(self) -> str:
        """The person and the server, for the log; what they were last while it is away."""
        spawner = self._spawner
        with suppress(SQLAlchemyError):
            self._name = ":".join(filter(None, (spawner.user.name, spawner.name)))
        return self._name

    # What outlives the hub

    def state(self) -> dict[str, object]:
        """Return which start's pod runs, whether it is to end, which one was ended, and parts'."""
        start, over = self._spawner._last_start, self._spawner.over
        kept = {"start": start, "over": over, "stop_asked": self.stop_asked}
        state: dict[str, object] = {key: value for key, value in kept.items() if value}
        for part in self._spawner.parts:
            state.update(part.state())
        return state

    def restore(self, state: Mapping[str, object]) -> None:
        """Take it up again."""
        self.noted_start = str(state.get("start", ""))
        self._spawner.over = str(state.get("over", ""))
        self.stop_asked = bool(state.get("stop_asked", False))
        for part in self._spawner.parts:
            part.restore(state)

    def clear(self) -> None:
        """Note that the start is over, unless the server is about to go on with its session."""
        if not self._spawner.adopts:
            self._spawner.over = self._spawner._last_start or self._spawner.over
        self.noted_start, self.stop_asked = "", False

    def note_stop(self) -> None:
        """Have a hub that is restarted meanwhile carry the stop out."""
        self.stop_asked = True
        self.keep_state()

    def keep_state(self) -> None:
        """Note what a hub that ends now has to know. Without a database, go on all the same."""
        spawner, db = self._spawner, self._db
        if spawner.orm_spawner is None:
            return
        try:
            spawner.orm_spawner.state = spawner.get_state()
            if db:
                db.commit()
        except Exception as error:  # of whatever database
            spawner.log.warning("the state of %s could not be kept: %s", self.name, error)
            if db:
                db.rollback()

    def note_state(self) -> None:
        """Have what a hub that ends must know written down with whatever is committed next."""
        if self._spawner.orm_spawner is not None:
            with suppress(SQLAlchemyError):
                self._spawner.orm_spawner.state = self._spawner.get_state()

    def keep_noted(self) -> bool:
        """Commit what was noted, of whatever servers; False where this one has no database.

        While it is away, go on all the same.
        """
        db = self._db
        if db is None:
            return False
        try:
            db.commit()
        except Exception as error:  # of whatever database
            self._spawner.log.warning("the state of servers could not be kept: %s", error)
            db.rollback()
        return True

    def keep_choice(self, options: Mapping[str, str]) -> None:
        """Make this the choice that the next start without options repeats, as far as possible."""
        self._choose(options)
        self.keep_state()

    def store_choice(self, options: Mapping[str, str]) -> None:
        """Do the same, or raise what the database raises.

        Stored with it is where the pod will be: a hub that ends meanwhile finds it again.
        Committed at once: JupyterHub rolls back what is not when a slow start's request ends.
        """
        self._choose(options)
        if self._spawner.orm_spawner is not None:
            self._spawner.orm_spawner.state = self._spawner.get_state()
            if db := self._db:
                db.commit()

    def _choose(self, options: Mapping[str, str]) -> None:
        self._spawner.user_options = dict(options)
        if self._spawner.orm_spawner is not None:
            self._spawner.orm_spawner.user_options = dict(options)

    @property
    def _db(self) -> Session | None:
        """JupyterHub's session with it."""
        orm_spawner = self._spawner.orm_spawner
        return object_session(orm_spawner) if orm_spawner else None


def keep_noted(spawners: Iterable[Any]) -> None:
    """Commit what was noted of servers, all at once: they have one database."""
    any(each.record.keep_noted() for each in spawners)
