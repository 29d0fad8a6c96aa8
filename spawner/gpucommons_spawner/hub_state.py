"""What the hub knows, in one object for all its sessions: who holds what, which teams there are,
what is free, how long starts took.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Hashable
from contextlib import AbstractContextManager
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Protocol
from weakref import WeakSet, WeakValueDictionary

from gpucommons_contract import GRANTS_NAMESPACE, NOTICES_NAMESPACE, Label
from gpucommons_contract.words import phrase
from gpucommons_sessions import AccountingOutbox
from gpucommons_sessions.idle_culler import IdleCuller
from gpucommons_upkeep.watch import Sink, Watch
from sqlalchemy.orm import Session

from gpucommons_spawner.availability.change_signal import ChangeSignal
from gpucommons_spawner.availability.cluster import Cluster, follow
from gpucommons_spawner.availability.drains import Drains
from gpucommons_spawner.availability.for_person import Availability, AvailabilityCache
from gpucommons_spawner.availability.size_pod import Settings
from gpucommons_spawner.availability.start_times import StartTimes
from gpucommons_spawner.availability.state import PersonState
from gpucommons_spawner.catalogue.live import LiveCatalogue
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.pod_state.queue_places import QueuePlaces
from gpucommons_spawner.quota.budget_watch import BudgetWatch
from gpucommons_spawner.quota.budgets import Budgets
from gpucommons_spawner.quota.grants import Grants
from gpucommons_spawner.quota.ledger import Ledger
from gpucommons_spawner.reconcile.reconciler import Reconciler
from gpucommons_spawner.selection.person import Person, Team, Teams
from gpucommons_spawner.session_parts.budget_notices import BudgetNotices
from gpucommons_spawner.session_parts.standing_notices import StandingNotices

_TEAMS_SECONDS = 10.0
"""How long a person waits for the list of teams after the hub's start; it takes milliseconds."""


class Viewer(Protocol):
    """Who wants to know what is free: a person's spawner."""

    queue: str
    """Kueue's LocalQueue; empty without."""

    @property
    def live_catalogue(self) -> LiveCatalogue:
        """The catalogue's file."""

    @property
    def person(self) -> Person:
        """The person."""

    @property
    def set_by_operator(self) -> Settings:
        """What is set for every session, whatever its size."""


class BudgetViewer(Protocol):
    """A spawner, by which the hub's database is reached."""

    user: Any
    db: Any


class HubState:
    """One for the hub. A test makes its own and sets it as ``GPUSpawner.hub_state``."""

    def __init__(self) -> None:
        self.teams = Teams()
        self.ledger = Ledger()
        """Who holds what."""
        self.grants = Grants()
        """Exceptions from the quota."""
        self.budgets = Budgets()
        """What is left of budgets."""
        self.told_of_budgets: WeakSet[BudgetNotices] = WeakSet()
        """Those of the sessions that run."""
        self._budget_watch = BudgetWatch(self.budgets, self._tell_of_budgets)
        self.notices = StandingNotices()
        """What sessions show when they start."""
        self.cluster = Cluster()
        """What nodes have and pods take."""
        self.drains = Drains(self.cluster, lambda: self.api)
        """What becomes of sessions on nodes that are drained."""
        self.start_times = StartTimes()
        self.queue_places = QueuePlaces()
        self.idle_culler = IdleCuller()
        """Knows when sessions end that nobody uses."""
        self.accounting = AccountingOutbox()
        """Is told what became of starts, and why sessions ended."""
        self.reconciler = Reconciler()
        """Compares pods with servers."""
        self.change_signal = ChangeSignal()
        """Rings when what is free may have changed."""
        self.size_changes: dict[tuple[str, str], str] = {}
        """What follows each server, by person and server, that is ended for another size."""
        self.holders: WeakValueDictionary[tuple[str, str], Any] = WeakValueDictionary()
        """The spawner of each entry of the ledger, by the person and server of the entry."""
        self.api: Any = None
        """The client's CoreV1Api, once something is followed."""
        self._availability: Availability | None = None
        self._texts = AvailabilityCache()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def teams_known(self) -> None:
        """Wait for the list of teams, if the hub has just been started.

        Raises SpawnRefusedError if it cannot be had.
        """
        try:
            async with asyncio.timeout(_TEAMS_SECONDS):
                await self.teams.until_read()
        except TimeoutError as error:
            raise SpawnRefusedError(
                phrase(
                    "The hub cannot read the list of teams now. Try again in a minute; "
                    "if that does not help, tell an administrator."
                ),
                kind="teams",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                log_message="the list of namespaces labelled as teams could not be read",
            ) from error

    # What it follows

    def follow(
        self,
        api: Any,  # noqa: ANN401 -- the client's CoreV1Api
        log: logging.Logger,
        *,
        cluster: bool,
        grants: bool,
        notices: bool,
    ) -> None:
        """Begin to follow the teams and what else is wanted, unless that has begun already."""
        self.api = api

        def maps(sink: Sink, namespace: str, label: str) -> Coroutine[Any, Any, None]:
            call = api.list_namespaced_config_map
            return Watch(call, sink, log, namespace=namespace, label_selector=label).run()

        self._keep(
            "teams",
            lambda: Watch(api.list_namespace, self.teams, log, label_selector=Label.TEAM).run(),
        )
        if cluster:
            self._keep("cluster", lambda: follow(self.cluster, api, log))
        if grants:
            self._keep("grants", lambda: maps(self.grants, GRANTS_NAMESPACE, Label.QUOTA_GRANT))
        if notices:
            where = (NOTICES_NAMESPACE, Label.STANDING_NOTICE)
            self._keep("notices", lambda: maps(self.notices, *where))

    def follow_budgets(
        self, viewer: BudgetViewer, log: logging.Logger, *, closes: bool, patience: timedelta
    ) -> None:
        """Begin to ask what is left of budgets, unless that has begun already.

        A spawner that belongs to no hub is none to begin with.
        """
        if "users" in (getattr(viewer.user, "settings", None) or {}):
            self._budget_watch.begin(viewer.db, log, closes=closes, patience=patience)

    def _tell_of_budgets(self) -> None:
        noted = [each for each in list(self.told_of_budgets) if each.look()]
        if noted:  # in all sessions at once, and committed once
            noted[0].keep()

    def tell_accounting(self, db: Session) -> None:
        """Begin to tell accounting what it has not been told yet. db: the hub's."""
        self._keep("accounting", lambda: self.accounting.run(db))

    def _keep(self, name: str, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = self._tasks.get(name)
        if task is None or task.done():
            self._tasks[name] = asyncio.create_task(run())

    # What is free

    def availability(self, viewer: Viewer, server: str) -> PersonState:
        """Return what a person can start as ``server`` now, from memory."""
        return self._now(viewer).for_person(viewer.person, self.ledger, server)

    def demand_room_near_files(self, viewer: Viewer, team: Team, size: str, server: str) -> None:
        """Refuse a start where another session of the person has their files open on one node,
        and that has no room for it. Raises SpawnRefusedError.

        It could only wait, and a queue or another node would not help. What is not known,
        refuses nothing.
        """
        near = self._now(viewer).near_files(viewer.person, team, size, server)
        if near and near.reason:
            raise SpawnRefusedError(near.reason, kind="workspace", status=HTTPStatus.CONFLICT)

    def _now(self, viewer: Viewer) -> Availability:
        """Return what answers for the catalogue in force."""
        catalogue = viewer.live_catalogue.current
        if self._availability is None or self._availability.catalogue is not catalogue:
            self._availability = Availability(
                catalogue,
                self.cluster,
                self.start_times,
                queued=bool(viewer.queue),
                grants=self.grants,
                operator=viewer.set_by_operator,
                budgets=self.budgets,
            )
        return self._availability

    def availability_text(self, viewer: Viewer, server: str) -> str:
        """Return it as JSON; counted again after a change only."""
        return self._texts.text(
            self._stamp(viewer), viewer.person, server, lambda: self.availability(viewer, server)
        )

    def changes_followed(self, viewer: Viewer) -> AbstractContextManager[None]:
        """Let ``change_signal`` ring for changes of what is free as long as this is entered."""
        return self.change_signal.listening(lambda: self._stamp(viewer))

    def _stamp(self, viewer: Viewer) -> Hashable:
        """Return what differs after every change of what is free, whoever asks."""
        sources = (self.cluster, self.ledger, self.start_times, self.grants, self.budgets)
        since = viewer.live_catalogue.since
        return *(each.version for each in sources), self.cluster.known, since


HUB_STATE = HubState()
"""The one of the hub that runs in this process."""
