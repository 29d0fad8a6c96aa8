"""The spawner of GPU Commons: starts what the catalogue offers, and nothing else."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from logging import Logger
from pathlib import Path
from typing import Any, ClassVar

from gpucommons_contract import Annotation, Label, Notice
from gpucommons_contract.formats.wording import written_moment
from gpucommons_contract.words import phrase
from gpucommons_sessions.client import stop_session
from jupyterhub.handlers import BaseHandler
from jupyterhub.utils import isoformat
from kubernetes_asyncio.client import V1PersistentVolumeClaim, V1Pod
from traitlets import default, observe

from gpucommons_spawner.availability.size_pod import Settings
from gpucommons_spawner.availability.state import PersonState
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.environment import utc_today
from gpucommons_spawner.catalogue.live import LiveCatalogue, catalogue_in_force
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.hub_state import HUB_STATE, HubState
from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.kubernetes.pod_api import NotKnownError
from gpucommons_spawner.lifecycle.prompt_kube_spawner import PromptKubeSpawner
from gpucommons_spawner.lifecycle.start_wait import StartTimeouts
from gpucommons_spawner.picker import links
from gpucommons_spawner.picker.my_sessions import MySessions
from gpucommons_spawner.picker.picker import Picker
from gpucommons_spawner.pod.build import build, demand_one_user
from gpucommons_spawner.pod.last_workspaces import LastWorkspaces
from gpucommons_spawner.pod.setup import PodSetup
from gpucommons_spawner.pod.team_folder import have_team_folder
from gpucommons_spawner.pod.workspace import (
    claims_only,
    keep_together,
    note_start,
    usable_claim,
)
from gpucommons_spawner.pod_state.session_pod import session_pod
from gpucommons_spawner.quota.ledger import Limits
from gpucommons_spawner.reconcile.adoption import choice_of
from gpucommons_spawner.selection.errors import SelectionError
from gpucommons_spawner.selection.person import Person, Team
from gpucommons_spawner.selection.resolve import resolve
from gpucommons_spawner.selection.selection import Selection
from gpucommons_spawner.session_parts.budget_notices import BudgetNotices
from gpucommons_spawner.session_parts.earlier_starts import EarlierStarts
from gpucommons_spawner.session_parts.interruptions import Interruptions
from gpucommons_spawner.session_parts.missing_folder import MissingFolder
from gpucommons_spawner.session_parts.node_drain import NodeDrain
from gpucommons_spawner.session_parts.past_runs import PastRuns
from gpucommons_spawner.session_parts.planned_stop import PlannedStop
from gpucommons_spawner.session_parts.quota_holding import QuotaHolding
from gpucommons_spawner.session_parts.session_log import LoggedSession, SessionLog
from gpucommons_spawner.session_parts.start_notices import StartNotices
from gpucommons_spawner.session_parts.time_limit import TimeLimit
from gpucommons_spawner.session_parts.told_to_accounting import ToldToAccounting
from gpucommons_spawner.session_parts.waiting_start import WaitingStart
from gpucommons_spawner.session_parts.workspace_use import WorkspaceUse
from gpucommons_spawner.settings import SpawnerSettings


class GPUSpawner(SpawnerSettings, PromptKubeSpawner):
    """Starts sessions of the catalogue's environments and sizes.

    Everything that a person can ask for passes ``resolve``. The quota is entered before anything
    is created.
    """

    hub_state: ClassVar[HubState] = HUB_STATE

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- passed on
        self._accepted: dict[str, str] = {}
        """The last choice that was accepted."""
        self._team: Team | None = None
        self._files_on_one_node = False
        super().__init__(*args, **kwargs)
        self.logged = LoggedSession(self)
        self.log = SessionLog.of(self, self.logged)
        self.pod_setup = PodSetup(self)
        self._usual_storage_class: str | None = self.storage_class
        self._usual_capacity: str = self.storage_capacity
        self.picker = Picker(self)
        self.my_sessions = MySessions(self)
        self.waiting = WaitingStart(self, self.hub_state.queue_places, self.hub_state.cluster)
        self.quota = QuotaHolding(self, self.hub_state.ledger, self.hub_state.holders)
        self.past_runs = PastRuns(self, self.hub_state.start_times)
        self.workspace_use = WorkspaceUse(self)
        self.last_workspaces = LastWorkspaces(self)
        self.missing_folder = MissingFolder(self)
        self.told = ToldToAccounting(self, self.hub_state.accounting)
        self._notices = StartNotices(self, self.hub_state.notices)
        state = self.hub_state
        budgets = BudgetNotices(self, state.budgets, state.teams, state.told_of_budgets)
        self.planned_stop = PlannedStop(self, stop_session)
        self.node_drain = NodeDrain(self, self.planned_stop, state.cluster, state.drains)
        self.planned_stop.when_told = self.node_drain.told
        self.planned_stop.before_stop = self.node_drain.look_once_known
        self.parts = (
            *self.parts,
            self.logged,
            self.pod_setup,
            self.past_runs,
            self.workspace_use,
            self.last_workspaces,
            Interruptions(self),
            self.missing_folder,
            self._notices,
            self.node_drain,
            self.planned_stop,
            self.quota,
            budgets,
            TimeLimit(self, self.hub_state.ledger),
            self.told,
        )

    @property
    def hub_log(self) -> Logger:
        """The log for what is of no one session."""
        return self.log.logger

    @property
    def live_catalogue(self) -> LiveCatalogue:
        """The catalogue's file. Raises CatalogueError if the hub started with a broken one."""
        return catalogue_in_force(Path(self.catalogue_file))

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue in force."""
        return self.live_catalogue.current

    @property
    def person(self) -> Person:
        """Whose server this is."""
        groups = frozenset(group.name for group in self.user.groups)
        since = isoformat(self.user.created) or ""
        return Person(self.user.name, groups, self.hub_state.teams.of(groups), since)

    async def teams_known(self) -> None:
        """Wait for the list of teams. Raises SpawnRefusedError if it cannot be had."""
        await self.hub_state.teams_known()

    @property
    def standing_notices(self) -> Sequence[Notice]:
        """What is announced to this person now, on pages and in sessions that start."""
        return list(self.hub_state.notices.for_user(self.user.name).values())

    def availability(self, server: str) -> PersonState:
        """Return what this person can start as ``server`` now, from memory."""
        return self.hub_state.availability(self, server)

    @property
    def usual_program(self) -> str:
        """The program that a session opens with where nobody chooses; empty for none of ours."""
        return self.pod_setup.usual_program

    @property
    def culled(self) -> bool:
        """Whether the hub has an idle culler."""
        return self.hub_state.idle_culler.is_there(self.db)

    # The page

    @default("options_form")
    def _options_form_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return lambda _spawner: self.picker.form()  # awaited by JupyterHub

    @default("options_from_form")
    def _options_from_form_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return self.picker.read

    @observe("handler")
    def _note_request(self, change: Mapping[str, BaseHandler | None]) -> None:
        """JupyterHub sets it in the task of the request, before it awaits anything."""
        links.note_request(change["new"])

    async def run_auth_state_hook(self, auth_state: object) -> None:
        """Run it. JupyterHub calls this last before it reads what a link asks for."""
        await super().run_auth_state_hook(auth_state)
        links.take_link_out()

    def options_from_query(self, _query: Mapping[str, object]) -> Mapping[str, object]:
        """Refuse: a link starts nothing."""
        raise links.refused_link()

    @property
    def link(self) -> Mapping[str, object]:
        """What the link that led to the page being drawn asks for; empty without one."""
        return links.link_of_request()

    @property
    def set_by_operator(self) -> Settings:
        """What is set for every session, whatever its size, and says where there is room."""
        return self.pod_setup.set_by_operator

    # A start: from options to a pod

    async def load_user_options(self) -> None:
        """Check the options, enter the quota, set up the pod. Nothing is awaited in between.

        Then wait for the turn, with what is asked for held already. Raises SpawnRefusedError when
        the catalogue, the teams or the quota do not allow it.
        """
        pressed = self.hub_state.start_times.now()
        self.told.asks_for(self.user_options)
        await self.teams_known()
        await self.hub_state.budgets.until_known()
        try:
            selection = self.select(self.user_options)
            self.told.takes(selection)
            fields = build(selection, self.person, self.name)
            demand_one_user(fields, self.uid)
            team, size = selection.team, selection.size
            self.hub_state.demand_room_near_files(self, team, size, self.name)
            self._reserve(selection)
        except SpawnRefusedError:
            self.record.store_choice(self._accepted)
            raise
        self._accepted = selection.options()
        self._work_in(selection.team)
        self.record.store_choice(self._accepted)
        self.pod_setup.apply(fields)
        came = self.hub_state.start_times.now()
        await self.this_start.wait_for_turn()
        self.past_runs.begin(pressed + self.hub_state.start_times.now() - came, selection)

    def select(self, options: Mapping[str, object]) -> Selection:
        """Resolve what was asked for. Raises SpawnRefusedError if it is not to be had."""
        runs = self.past_runs.all()
        try:
            return resolve(options, self.person, self.catalogue, utc_today(), runs)
        except SelectionError as error:
            raise SpawnRefusedError(str(error), kind="options", status=error.status) from error

    def _reserve(self, selection: Selection) -> None:
        """Enter what the start will hold. Raises SpawnRefusedError if there is not that much."""
        self.hub_state.reconciler.supersede(f"{selection.team.namespace}/{self.pod_name}")
        state, team, catalogue = self.hub_state, selection.team, self.catalogue
        limits = Limits.of(catalogue.quotas, self.person, team, state.grants, state.budgets)
        groups = self.person.groups_in(team)
        sizes = {
            name: size for name, size in catalogue.sizes.items() if size.refusal(groups) is None
        }
        self.quota.reserve(selection, limits, sizes)

    def _work_in(self, team: Team) -> None:
        """Let everything that is made, looked for or deleted from now on be the team's."""
        self._team = team
        self.namespace = team.namespace
        self.dns_name = self.dns_name_template.format(namespace=self.namespace, name=self.pod_name)
        self.storage_class = team.storage_class or self._usual_storage_class
        self.storage_capacity = team.workspace_sizes.of(self.user.name) or self._usual_capacity
        self._pvc_exists = False  # what KubeSpawner knows may be of another team
        self._files_on_one_node = False

    def get_env(self) -> dict[str, str]:
        """Add what KubeSpawner would read as a template."""
        return {**super().get_env(), **self.pod_setup.literal_environment()}

    async def get_pod_manifest(self) -> V1Pod:
        """Put on the pod what KubeSpawner has no setting for."""
        pod: V1Pod = await super().get_pod_manifest()
        if self._files_on_one_node:
            keep_together(pod)
        self.pod_setup.complete(pod)
        if asked := self.told.asked_at:
            pod.metadata.annotations[str(Annotation.ASKED)] = written_moment(asked)
        if self._team and self._team.has_folder:
            self.missing_folder.is_missing = not await have_team_folder(self, pod)
        return pod

    def get_pvc_manifest(self) -> V1PersistentVolumeClaim:
        """Put the team and the person on the workspace."""
        claim: V1PersistentVolumeClaim = super().get_pvc_manifest()
        if self._team:
            claim.metadata.labels[str(Label.TEAM)] = self._team.name
        claim.metadata.annotations[str(Annotation.USER)] = self.user.name
        return claim

    async def _make_create_pvc_request(
        self, pvc: V1PersistentVolumeClaim, request_timeout: int
    ) -> bool:
        """Make the workspace, or take the one that is there unless it is somebody else's.

        Where one node at a time can use it, wait until it is known which one an earlier start has.
        Raises SpawnRefusedError if that has no room.
        """
        if self._team:
            await self.last_workspaces.mark(pvc, self._team.name)
        with claims_only():
            if not await super()._make_create_pvc_request(pvc, request_timeout):
                return False
        claim = await usable_claim(
            self.api, pvc.metadata.name, self.namespace, self.user.name, self.place
        )
        self._files_on_one_node = claim.on_one_node
        if self._team:
            claim = await self.last_workspaces.without_erased(claim)
            self.last_workspaces.take(pvc.metadata.name, claim, self._team.name)
        await self._note_start(pvc.metadata.name)
        if self._files_on_one_node and (team := self._team):
            earlier = EarlierStarts(self, self.hub_state.ledger, self.hub_state.cluster)
            await earlier.until_on_nodes(team)
            # Also where none had to be waited for: it may have got its node since the first check.
            size = self._accepted["size"]
            self.hub_state.demand_room_near_files(self, team, size, self.name)
        return True

    async def _note_start(self, claim: str) -> None:
        """Let backups know that the workspace may change. A start does not depend on that."""
        try:
            await note_start(self.api, claim, self.namespace, datetime.now(UTC))
        except NotKnownError as error:
            self.log.warning(
                "no start was noted on %s in %s; backups see its pod alone: %s",
                *(claim, self.namespace, error),
            )

    async def delete_forever(self) -> None:
        """Delete the workspaces in all teams of a person who is deleted, if so configured."""
        if not self.delete_pvc:
            return
        await self.teams_known()
        for team in self.hub_state.teams.all():
            self._work_in(team)
            await super().delete_forever()

    # How long a start may take, and what is said of it

    @property
    def longest_wait(self) -> int:
        """Seconds that a start may wait before it is under way: in the queue, for any node."""
        return super().longest_wait + self.waiting.longest(self.catalogue.sizes.values())

    @property
    def start_timeouts(self) -> StartTimeouts:
        """How long this start may take, apart from the queue, with the time to add a node."""
        size = self.catalogue.sizes.get(self._accepted.get("size", ""))
        return self.waiting.timeouts(super().start_timeouts, size)

    async def waits(self) -> AsyncIterator[str]:
        """Give the turn, then the place in the queue until the pod is out of it."""
        async for message in super().waits():
            yield message
        async for message in self.waiting.queued():
            yield message

    @property
    def place(self) -> str:
        """Where this session runs, in words."""
        return (
            phrase("team %(team)s", team=self._team.display_name) if self._team else super().place
        )

    def explained(self, reason: str) -> str:
        """Say more of the GPUs, or of the volume, that a start did not get."""
        fields = self.pod_setup.fields
        return self.waiting.explained(reason, fields.extra_resource_limits if fields else None)

    # A session over its life

    @property
    def language(self) -> str:
        """The language that the session was started in; its notices are in it."""
        return self.pod_setup.language

    @property
    def ended(self) -> str:
        """Why the last session of this server ended, if its person did not stop it; else empty."""
        return self.last_end.sentence

    @property
    def ended_page(self) -> str:
        """Where more is said of it, as a path below JupyterHub's base URL; empty if nowhere."""
        return self.last_end.page

    def note_saving(self, *, saved: bool) -> None:
        """Take whether open pages had time to save before this session is stopped."""
        self.node_drain.saved(saved=saved)

    def leave_behind(self) -> None:
        """Count the pod that this start may have made until it is known to be gone."""
        self.hub_state.reconciler.leave(self)

    def take_over(self, pod: Manifest) -> str:
        """Go on with a session that runs already, and hold what it holds."""
        url = super().take_over(pod)
        found = session_pod(pod)
        assert found is not None  # nothing else is taken over
        self.past_runs.forget()
        self.told.goes_on()
        self._accepted = dict(choice_of(pod))
        self._team = next(iter(self.hub_state.teams.of([found.team])), None)
        self.hub_state.reconciler.supersede(found.key)
        self.quota.take_over(found)
        self.record.keep_choice(self._accepted)
        return url

    def get_state(self) -> dict[str, Any]:
        """Keep the last accepted choice."""
        state: dict[str, Any] = super().get_state()
        return state | ({"selection": dict(self._accepted)} if self._accepted else {})

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up after a hub restart, and follow what the hub must know, once for the hub."""
        super().load_state(state)
        self._accepted = dict(state.get("selection", {}))
        self.live_catalogue.begin(self.hub_log)
        self.hub_state.follow(
            self.api,
            self.hub_log,
            cluster=self.watch_cluster,
            grants=self.watch_grants,
            notices=self._notices.wanted,
        )
        self.hub_state.follow_budgets(
            self,
            self.hub_log,
            closes=self.budget_outage == "deny",
            patience=timedelta(seconds=self.budget_outage_after),
        )
        self.hub_state.reconciler.begin(self)
