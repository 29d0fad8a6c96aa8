"""Looks at all sessions and nodes of the hub, and does things with them, for a request."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from gpucommons_contract import ACCOUNTING_SERVICE, Notice
from gpucommons_contract.drains import Drain
from gpucommons_contract.words import phrase
from gpucommons_sessions.service_calls import NoServiceError, ServiceCallError, ask_for
from jupyterhub import orm
from jupyterhub.handlers import BaseHandler

from gpucommons_spawner.administration.actions import Actions, Outcome
from gpucommons_spawner.administration.audit import Administrator, record
from gpucommons_spawner.administration.cluster_changes import (
    ClusterChangeError,
    cordon,
    give_back,
)
from gpucommons_spawner.administration.nodes import NodeLine, node_lines
from gpucommons_spawner.administration.session_line import (
    SessionLine,
    Surroundings,
    session_line,
)
from gpucommons_spawner.administration.wishes import Wish
from gpucommons_spawner.availability.node import Node
from gpucommons_spawner.catalogue.live import catalogue_in_force
from gpucommons_spawner.hub_state import HUB_STATE, HubState
from gpucommons_spawner.session_parts.planned_stop import Plan

_HOURS_SECONDS = 3.0
"""How long the list waits for accounting."""


class Overview:
    """Everything of one hub, as one administrator may see and change it."""

    def __init__(self, handler: BaseHandler, by: str = "") -> None:
        """by: for whom a service asks; a person asks for themselves."""
        self._handler, self._db = handler, handler.db
        owner = handler.current_user
        if isinstance(owner, orm.Service):
            self.who = Administrator(by or owner.name, owner.name)
        else:
            self.who = Administrator(owner.name)
            owner = owner.orm_user
        self._owner = owner

    @property
    def hub(self) -> HubState:
        """What the hub knows."""
        return HUB_STATE

    @property
    def api(self) -> Any:  # noqa: ANN401 -- the client's CoreV1Api
        """Return how the hub asks Kubernetes, also before anybody was looked at."""
        if self.hub.api is None:
            first = self._db.query(orm.User).first()
            if first is not None:
                _ = self._handler.users[first.id].spawner
        return self.hub.api

    def spawners(self) -> list[Any]:
        """Return those of all sessions that run, start or stop."""
        return [
            spawner
            for user in list(self._handler.users.values())
            for spawner in list(user.spawners.values())
            if spawner.active and hasattr(spawner, "planned_stop")
        ]

    async def lines(self, spawners: Sequence[Any]) -> list[SessionLine]:
        """Describe sessions, with what culler and accounting know of them."""
        culler, hours = await asyncio.gather(
            self.hub.idle_culler.all_sessions(self._db), self._hours()
        )
        known = Surroundings(
            catalogue_in_force(Path(self._handler.config.GPUSpawner.catalogue_file)).current,
            self.hub.ledger,
            {node.name: node for node in self.hub.cluster.all_nodes()},
            culler,
            hours,
        )
        return [session_line(each, known) for each in spawners]

    def nodes(self, lines: Sequence[SessionLine]) -> list[NodeLine] | None:
        """Describe the nodes; None while they are not known."""
        cluster = self.hub.cluster
        if not cluster.known:
            return None
        return node_lines(
            cluster.all_nodes(), lines, self.hub.drains.sessions, cluster.other_pods()
        )

    async def act(self, wish: Wish, names: Collection[str]) -> list[Outcome]:
        """Do something with sessions that are named as ``NAME/SERVER``."""
        there = {f"{each.user.name}/{each.name}": each for each in self.spawners()}
        gone = phrase("It is not there any more. Nothing was done.")
        missing = [Outcome(name, done=False, message=gone) for name in names if name not in there]
        found = [there[name] for name in names if name in there]
        return [*await self._actions.run(wish, found), *missing]

    async def drain(self, node: str, minutes: int, reason: str) -> list[Outcome]:
        """Take a node out of service: nothing new comes, what is there ends after some minutes.

        Asked for again, it sets another moment, or reason. What is written on the node decides
        from then on, also of sessions that come in the last moment. Raises ClusterChangeError.
        """
        known = self._demand_node(node)
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
        record(self.who, "drain node", node, {"minutes": minutes, "reason": reason})
        drain, anew = Drain(self.who.by, until, reason), not (known.drain and known.cordoned)
        await cordon(self.api, node, drain, anew=anew)
        if anew:
            self.hub.drains.begin_anew(node)
        self.hub.cluster.note_drain(node, drain.to_text(), cordoned=True)
        told = await self._actions.drain(self._on(node), Plan(until, self.who.by, reason, node))
        self._look_at(node)
        return told

    async def give_back(self, node: str) -> None:
        """Let a node be used again, and what is there go on. Raises ClusterChangeError."""
        self._demand_node(node)
        record(self.who, "give node back", node, {})
        await give_back(self.api, node)
        self.hub.drains.begin_anew(node)
        self.hub.cluster.note_drain(node, "", cordoned=False)
        await self._actions.give_back(self._on(node), node)
        self._look_at(node)

    def standing(self) -> Mapping[str, Notice]:
        """Return what is announced to everybody now, by id."""
        now = datetime.now(UTC)
        found = [each for each in self.hub.notices.items.values() if each.in_force(now)]
        return {each.notice.id: each.notice for each in found if not each.users}

    @property
    def _actions(self) -> Actions:
        return Actions(self.who, self.api, self._ask)

    def _on(self, node: str) -> list[Any]:
        return [each for each in self.spawners() if _node_of(each) == node]

    def _look_at(self, node: str) -> None:
        """Have the sessions of a node take what is written on it now."""
        for each in self._on(node):
            each.node_drain.look(each.this_start.pod)

    def _demand_node(self, name: str) -> Node:
        if not self.hub.cluster.known:
            raise ClusterChangeError(
                phrase("The hub does not know the nodes now. Nothing was changed.")
            )
        found = self.hub.cluster.node(name)
        if found is None:
            names = [node.name for node in self.hub.cluster.all_nodes()]
            raise ClusterChangeError(
                phrase(
                    "There is no node %(name)s. Nodes: %(names)s.",
                    name=name,
                    names=", ".join(sorted(names)),
                )
            )
        return found

    async def _ask(self, service: str, method: str, path: str, body: Mapping[str, object]) -> Any:  # noqa: ANN401 -- JSON
        return await ask_for(
            self._db,
            self._owner,
            service,
            method,
            path,
            may=self._handler.has_scope,
            body=body,
        )

    async def _hours(self) -> Mapping[str, Decimal] | None:
        """Ask accounting for GPU-hours of this month by person; None if it does not say."""
        try:
            said = await ask_for(
                self._db,
                self._owner,
                ACCOUNTING_SERVICE,
                "GET",
                "api/usage",
                may=self._handler.has_scope,
                query={"by": "person"},
                seconds=_HOURS_SECONDS,
            )
            return {
                str(each["name"]): Decimal(each["allocated_gpu_hours"]) for each in said["lines"]
            }
        except NoServiceError:
            return None
        except (ServiceCallError, KeyError, TypeError, InvalidOperation) as error:
            self._handler.log.warning("Accounting does not say who used what: %s", error)
            return None


def _node_of(spawner: Any) -> str:  # noqa: ANN401 -- GPUSpawner
    pod = spawner.this_start.pod
    return (pod or {}).get("spec", {}).get("nodeName") or ""
