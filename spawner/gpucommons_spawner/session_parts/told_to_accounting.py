"""What accounting is told of a server's starts and ends: it cannot see them in Kubernetes.

Each is written down before what follows from it: a hub that ends in between loses nothing.
"""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from gpucommons_contract.told import (
    LONGEST_TOLD,
    EndReason,
    StartFault,
    StartOutcome,
    ToldEnd,
    ToldGone,
    ToldStart,
)
from gpucommons_sessions import AccountingOutbox

from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.lifecycle.last_end import LastEnd
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.lifecycle.server_record import ServerRecord
from gpucommons_spawner.lifecycle.start import Start
from gpucommons_spawner.lifecycle.who_stops import who_stops
from gpucommons_spawner.pod_state.queue import placed_at
from gpucommons_spawner.selection.selection import Selection

_REFUSALS = frozenset({"quota", "budget", "team-quota", "team", "options", "size", "workspace"})
"""Kinds of a refusal that somebody decided on, or that follow from what is taken. Others are
failures of the platform.
"""


class _Spawner(Protocol):
    user: Any
    name: str
    db: Any
    log: logging.Logger
    user_options: Mapping[str, object]
    this_start: Start
    last_end: LastEnd
    record: ServerRecord
    server: Any
    adopts: Manifest | None
    _spawn_future: "asyncio.Future[None] | None"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A start that has not come to an end yet; what of it must outlive the hub is text."""

    id: str
    at: str
    team: str = ""
    size: str = ""
    environment: str = ""
    units: str = "0"


class ToldToAccounting(SessionPart):
    """Tells what became of each start, and who ended each session, and why."""

    def __init__(self, spawner: _Spawner, outbox: AccountingOutbox) -> None:
        self._spawner, self._outbox = spawner, outbox
        self._asked: _Asked | None = None
        self._interrupted = False
        """Whether that start was under way when the hub ended."""
        self._goes_on = False
        """Whether it goes on with a session that was ready long ago."""
        self._uid = ""
        """Of the pod of the session that is there."""
        self._had_node = False
        self._end_told = False

    # A start

    @property
    def asked_at(self) -> datetime | None:
        """When the start that is under way was asked for."""
        return datetime.fromisoformat(self._asked.at) if self._asked else None

    def starting(self) -> None:
        """Note when it was. A session that is adopted was asked for before."""
        if self._spawner.adopts:
            return
        self._asked = _Asked(uuid.uuid4().hex, _now().isoformat())
        self._interrupted = self._goes_on = False

    def goes_on(self) -> None:
        """Note that the start has found a session that runs already."""
        self._goes_on = True

    def asks_for(self, options: Mapping[str, object]) -> None:
        """Note what is asked for, which may be refused yet."""
        if self._asked:
            said = {name: options.get(name) for name in ("team", "size", "environment")}
            known = {
                name: word[:LONGEST_TOLD] for name, word in said.items() if isinstance(word, str)
            }
            self._asked = replace(self._asked, **known)

    def takes(self, selection: Selection) -> None:
        """Note what will be had."""
        if self._asked:
            self._asked = replace(
                self._asked,
                team=selection.team.name,
                size=selection.size,
                environment=selection.environment,
                units=str(selection.allocation.units),
            )

    def given_up(self, pod: Manifest | None) -> None:
        """Know the pod before it is deleted."""
        self._know(pod)

    def failed(self, error: BaseException) -> None:
        """Tell why it came to nothing. Of one that is cancelled it is not known yet by whom."""
        self._know(self._spawner.this_start.pod)
        if isinstance(error, asyncio.CancelledError) or self._asked is None:
            return
        if self._spawner.adopts:  # its session goes on
            return
        kind = error.reason if isinstance(error, SpawnRefusedError) else "error"
        sentence = error.jupyterhub_message if isinstance(error, SpawnRefusedError) else ""
        if kind in _REFUSALS:
            self._became(StartOutcome.REFUSED, kind, StartFault.NOBODY, sentence)
        else:
            self._came_to_nothing(kind, sentence)
        self._tell_end(EndReason.START_FAILED, sentence)

    def started(self, pod: Manifest | None) -> None:
        """Know its pod."""
        self._know(pod)

    def ready(self) -> None:
        """Tell that people can get in."""
        self._know(self._spawner.this_start.pod)
        self._became(StartOutcome.READY, uid="" if self._goes_on else self._uid)

    # A session, and its end

    def seen_running(self, pod: Manifest | None) -> None:
        """Know the pod of a session that a hub had started before it was restarted.

        A start that the end of the hub met when all but its answer was there has come to its end.
        """
        self._know(pod)
        if self._interrupted and self._has_address:
            self._became(StartOutcome.READY)

    def stopping(self) -> None:
        """Tell who ends it, and what its person reads."""
        self._know(self._spawner.this_start.pod)
        reason, by = self._asked_to_end()
        if reason is None and self._asked:
            reason = EndReason.START_FAILED  # it ran, and did not answer
        said = self._spawner.last_end.announced
        sentence = said.sentence if said else self._spawner.last_end.sentence
        if reason or sentence:
            self._tell_end(reason, sentence, by)

    def stopped(self) -> None:
        """Tell that it is gone: accounting may have been away meanwhile."""
        if self._uid:
            self._outbox.put(self._db, ToldGone(self._uid, _now()))

    def cleared(self) -> None:
        """Tell what has not been told of a start or a session that is over."""
        if self._spawner.adopts:  # it goes on
            return
        reason, by = self._asked_to_end()
        sentence = self._spawner.last_end.sentence
        if self._asked:
            if reason is not None:
                self._came_to_nothing("person" if reason is EndReason.PERSON else reason, "")
            else:
                self._came_to_nothing("interrupted" if self._interrupted else "timeout", sentence)
                reason = EndReason.START_FAILED
        if reason or sentence:
            self._tell_end(reason, sentence, by)
        self._uid, self._had_node, self._end_told = "", False, False

    def _asked_to_end(self) -> tuple[EndReason | None, str]:
        """Return on whose word it ends: of whoever said so beforehand, or who asks for it now."""
        reason, by = who_stops(self._spawner.user.name)
        if reason is not None and (said := self._spawner.last_end.announced):
            return said.reason or reason, said.by or by
        return reason, by

    @property
    def _has_address(self) -> bool:
        """Whether JupyterHub has an address of the session, and waits for no start of it."""
        start, server = self._spawner._spawn_future, self._spawner.server
        return (start is None or start.done()) and bool(server and server.ip)

    def _know(self, pod: Manifest | None) -> None:
        if pod is not None:
            self._uid = pod["metadata"]["uid"]
            self._had_node = self._had_node or placed_at(pod) is not None

    # What outlives the hub

    def state(self) -> Mapping[str, object]:
        """Keep the start that is under way, and whose pod it is."""
        asked = {"asked": asdict(self._asked)} if self._asked else {}
        return asked | ({"session_uid": self._uid} if self._uid else {})

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a start that goes on, or that the end of the hub has ended."""
        self._uid = str(state.get("session_uid", ""))
        if asked := state.get("asked"):
            known = {each.name for each in fields(_Asked)}
            said = {name: word for name, word in asked.items() if name in known}
            self._asked, self._interrupted = _Asked(**said), True

    # Telling

    def _came_to_nothing(self, why: str, sentence: str) -> None:
        """Tell of a start that was not refused. What had no node lacked room."""
        if why == "unschedulable":
            why = "error" if self._had_node else "full"
        if why in ("full", "person") and not self._had_node:
            fault = StartFault.CAPACITY if why == "full" or self._uid else StartFault.PERSON
            self._became(StartOutcome.GIVEN_UP, why, fault, sentence)
        else:
            fault = StartFault.PERSON if why == "person" else StartFault.PLATFORM
            self._became(StartOutcome.FAILED, why, fault, sentence)

    def _became(
        self,
        outcome: StartOutcome,
        why: str = "",
        fault: StartFault = StartFault.NOBODY,
        sentence: str = "",
        uid: str | None = None,
    ) -> None:
        if self._asked is None:
            return
        asked, self._asked = self._asked, None
        self._spawner.record.note_state()  # committed together with the fact
        told = ToldStart(
            start=asked.id,
            person=self._spawner.user.name,
            server=self._spawner.name,
            asked=datetime.fromisoformat(asked.at),
            at=_now(),
            outcome=outcome,
            team=asked.team,
            size=asked.size,
            environment=asked.environment,
            units=Decimal(asked.units),
            why=why,
            fault=fault,
            sentence=sentence,
            uid=self._uid if uid is None else uid,
        )
        self._outbox.put(self._db, told)

    def _tell_end(self, reason: EndReason | None, sentence: str, by: str = "") -> None:
        """Tell it once. A pod that nobody has seen yet is not known to accounting either."""
        if self._uid and not self._end_told:
            self._end_told = True
            self._outbox.put(self._db, ToldEnd(self._uid, _now(), reason, sentence, by))

    @property
    def _db(self) -> Any:  # noqa: ANN401 -- JupyterHub's session, or None in tests
        return getattr(self._spawner, "db", None)


def _now() -> datetime:
    return datetime.now(UTC)
