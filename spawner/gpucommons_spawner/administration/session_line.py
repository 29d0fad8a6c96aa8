"""One session as administrators see it, from what hub, culler and accounting know of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from gpucommons_contract.formats.wording import read_moment
from gpucommons_contract.words import phrase

from gpucommons_spawner.availability.gpu_model import gpu_model
from gpucommons_spawner.availability.node import Node
from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.queue import is_queued
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.selection.selection import PROFILE
from gpucommons_spawner.session_parts.planned_stop import Plan


class LineState(StrEnum):
    """What a session is doing."""

    WAITING = "waiting"
    """In the queue, for a GPU."""
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"


STATES: Mapping[LineState, str] = {
    LineState.WAITING: phrase("Waiting in the queue"),
    LineState.STARTING: phrase("Starting"),
    LineState.RUNNING: phrase("Running"),
    LineState.STOPPING: phrase("Stopping"),
}
_VERDICTS: Mapping[str, str] = {
    "never": phrase("Never stopped for being idle"),
    "exempt": phrase("Exempt"),
    "warming-up": phrase("Just started"),
    "kept": phrase("Kept"),
    "active": phrase("In use"),
    "idle": phrase("Idle"),
    "idle-held": phrase("Idle, holds GPU memory"),
}
_NOT_KNOWN = phrase("Not known")
_BY_IDLENESS = phrase("if nobody uses it")
_BY_LIMIT = phrase("time limit of its size")


@dataclass(frozen=True, slots=True)
class Use:
    """What the idle culler found: its verdict in words, a measured value, since when it is idle."""

    words: str
    gpu: str = ""
    """What was measured on its GPU, such as ``37 %``; empty if nothing was."""
    idle_since: datetime | None = None
    until: datetime | None = None
    """Until when it is kept or exempt."""
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session. Moments are in UTC."""

    person: str
    server: str
    title: str
    """Environment, version and size, in words."""
    team: str
    size: str
    environment: str
    gpus: Decimal
    model: str
    node: str
    state: LineState
    since: datetime | None
    use: Use | None
    """None while it does not run, or where the hub has no culler."""
    plan: Plan | None
    ends_at: datetime | None
    ends_why: str
    hours: Decimal | None
    """GPU-hours that its person was given in this month; None where that is not known."""

    @property
    def name(self) -> str:
        """What the session is called in forms, commands and records: ``NAME/SERVER``."""
        return f"{self.person}/{self.server}"

    @property
    def gpus_in_words(self) -> str:
        """Write its GPUs, such as ``0.25``."""
        return plainly(self.gpus)

    def as_json(self) -> dict[str, object]:
        """Write it for programs."""
        use, plan = self.use, self.plan
        return {
            "session": self.name,
            "person": self.person,
            "server": self.server,
            "team": self.team,
            "environment": self.environment,
            "size": self.size,
            "gpus": plainly(self.gpus),
            "gpu_model": str(self.model),
            "node": self.node,
            "state": str(self.state),
            "since": _iso(self.since),
            "use": str(use.words) if use else None,
            "gpu_use": use.gpu if use else None,
            "idle_since": _iso(use.idle_since) if use else None,
            "ends_at": _iso(self.ends_at),
            "ends_why": str(self.ends_why),
            "stop": plan.as_json() if plan else None,
            "gpu_hours_this_month": None if self.hours is None else str(self.hours),
        }


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lines are made from besides their spawners."""

    catalogue: Catalogue
    ledger: Ledger
    nodes: Mapping[str, Node]
    culler: Mapping[tuple[str, str], Mapping[str, Any]] | None
    """What the culler says of sessions, by person and server; None where the hub has none."""
    hours: Mapping[str, Decimal] | None
    """GPU-hours of this month by person; None where they are not known."""


def session_line(spawner: Any, known: Surroundings) -> SessionLine:  # noqa: ANN401 -- GPUSpawner
    """Describe the session of a spawner that is active."""
    person, server = spawner.user.name, spawner.name
    options: Mapping[str, str] = spawner.user_options or {}
    held = known.ledger.of(person).get(person, server)
    pod = spawner.this_start.pod
    node = (pod or {}).get("spec", {}).get("nodeName") or ""
    state = _state(spawner, pod)
    name = str(options.get("size", ""))
    size = known.catalogue.sizes.get(name)
    labels = known.nodes[node].labels if node in known.nodes else {}
    running = state is LineState.RUNNING
    use = None
    if running and known.culler is not None:
        use = _use(known.culler.get((person, server)))
    plan = spawner.planned_stop.plan
    ends_at, why = _end(plan, use, held.ends if held else None)
    started = spawner.orm_spawner.started if running else None
    return SessionLine(
        person=person,
        server=server,
        title=str(options.get(PROFILE, "")),
        team=str(options.get("team", "")),
        size=name,
        environment=str(options.get("environment", "") or options.get("image", "")),
        gpus=held.units if held else (size.units if size else Decimal(0)),
        model=gpu_model(size, labels) if size and labels else "",
        node=node,
        state=state,
        since=started.replace(tzinfo=UTC) if started else None,
        use=use,
        plan=plan,
        ends_at=ends_at,
        ends_why=why,
        hours=None if known.hours is None else known.hours.get(person, Decimal(0)),
    )


def _state(spawner: Any, pod: Manifest | None) -> LineState:  # noqa: ANN401
    if spawner.pending == "stop":
        return LineState.STOPPING
    if spawner.pending == "spawn":
        return LineState.WAITING if pod and is_queued(pod) else LineState.STARTING
    return LineState.RUNNING


def _use(said: Mapping[str, Any] | None) -> Use:
    """Read what the culler says of a session; one of another release may say it otherwise."""
    if said is None:
        return Use(_NOT_KNOWN)
    try:
        verdict = said["verdict"]
        bound = said.get("lease") or said.get("exemption") or {}
        gpu = next((each["value"] for each in said["signals"] if each["name"] == "gpu"), "")
        return Use(
            _VERDICTS.get(verdict, _NOT_KNOWN),
            gpu=str(gpu),
            idle_since=_moment(said["idle_since"]),
            until=_moment(bound.get("until")) if verdict in ("kept", "exempt") else None,
            ends_at=_moment(said["ends_at"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return Use(_NOT_KNOWN)


def _end(plan: Plan | None, use: Use | None, limit: datetime | None) -> tuple[datetime | None, str]:
    """Return when the session ends as far as that is known, and why."""
    ends = [
        (plan.at, phrase("stopped by %(by)s", by=plan.by)) if plan else None,
        (use.ends_at, _BY_IDLENESS) if use and use.ends_at else None,
        (limit, _BY_LIMIT) if limit else None,
    ]
    return min(filter(None, ends), key=lambda each: each[0], default=(None, ""))


def _moment(text: str | None) -> datetime | None:
    return read_moment(text) if text else None


def _iso(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
