"""The spawner of GPU Commons: starts what the catalogue offers, and nothing else."""

import copy
import functools
from collections.abc import Awaitable, Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from gpucommons_contract import Label, SessionVariable
from kubernetes_asyncio.client import V1Pod
from sqlalchemy.orm import object_session
from traitlets import Unicode, default

from gpucommons_spawner.builders import PodFields, build
from gpucommons_spawner.day import today
from gpucommons_spawner.holdings import Holding
from gpucommons_spawner.pod_outcome import NO_GPU_FREE
from gpucommons_spawner.queue import queue_labels
from gpucommons_spawner.quota import Limits, QuotaExceededError
from gpucommons_spawner.refusal import Refusal
from gpucommons_spawner.refused_form import DRAW_AGAIN, Fields
from gpucommons_spawner.room import too_few
from gpucommons_spawner.selection import Selection, resolve
from gpucommons_spawner.selection_error import SelectionError
from gpucommons_spawner.shortage import Wish
from gpucommons_spawner.timed_spawner import TimedSpawner

_REPLACED = (
    "image",
    "cpu_limit",
    "cpu_guarantee",
    "mem_limit",
    "mem_guarantee",
    "extra_resource_limits",
)
"""Settings that the selection alone decides."""
_EXTENDED = (
    "node_selector",
    "tolerations",
    "environment",
    "volumes",
    "volume_mounts",
    "pod_anti_affinity_required",
)
"""Settings that an operator, or a hook of a start, may fill too; the selection adds to them."""
_DEFAULTED = ("priority_class_name", "scheduler_name")
"""Settings of the operator that hold where the selection says nothing."""


class GPUSpawner(TimedSpawner):
    """Starts sessions of the catalogue's environments and sizes.

    Everything a person can say passes ``resolve``. The quota is entered before
    anything is created, and given back when the server is gone, however that
    comes about: JupyterHub clears a server's state then.
    """

    gpu_processes_url = Unicode(
        "",
        config=True,
        help="""
        Where a session with a GPU asks the agent of its node which processes on the GPU are its
        own, so that its panel can say which kernel holds how much memory. See
        cluster/gpu-processes. Empty, the default: there is no agent, and that is not told.
        Example: ``http://gpu-processes.gpucommons-node.svc:8890``.
        """,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- passed on
        self._accepted: dict[str, str] = {}
        self._fields: PodFields | None = None
        super().__init__(*args, **kwargs)
        settings = (*_EXTENDED, *_DEFAULTED)
        self._configured = {name: copy.deepcopy(getattr(self, name)) for name in settings}

    # From options to a pod

    @default("options_from_form")  # type: ignore[untyped-decorator]
    def _options_from_form_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return self._take_form

    @default("apply_user_options")  # type: ignore[untyped-decorator]
    def _apply_user_options_default(self) -> Any:  # noqa: ANN401 -- a trait of several types
        return lambda _spawner, _options: None  # load_user_options does it

    def _take_form(self, fields: Fields) -> Awaitable[dict[str, str]]:
        """Read a form. What was chosen there stands on the page that a refusal shows."""
        DRAW_AGAIN.set(functools.partial(self.draw_again, fields))
        return self._read_form(fields)

    async def _read_form(self, fields: Fields) -> dict[str, str]:
        """Refuse a bad form at once, before JupyterHub has stored or made anything."""
        await self.teams_known()
        return self._resolve(self.asked(fields)).options()

    async def load_user_options(self) -> None:
        """Check the options, enter the quota, set up the pod. Nothing is awaited in between.

        Then wait for the turn, with what is asked for held already.

        Raises Refusal when the catalogue, the teams or the quota do not allow it.
        """
        pressed = self.starts.now()
        await self.teams_known()
        try:
            selection = self._resolve(self.user_options)
            fields = build(selection, self.person, self.name)
            self._demand_one_user(fields)
            self._reserve(selection)
        except Refusal:
            self._store(self._accepted)
            raise
        self._accepted = selection.options()
        self.work_in(selection.team)
        self._store(self._accepted)
        self._apply(fields)
        came = self.starts.now()
        await self.wait_for_turn()
        self.begin(pressed + self.starts.now() - came, selection)

    def _resolve(self, options: Mapping[str, object]) -> Selection:
        try:
            return resolve(options, self.person, self.catalogue, today(), self.past_runs())
        except SelectionError as error:
            raise Refusal(str(error), kind="options", status=error.status) from error

    def _demand_one_user(self, fields: PodFields) -> None:
        """Refuse what could only be half of what it says: one user ID for each person."""
        if fields.one_user and callable(self.uid):
            raise Refusal(
                "Shares of GPUs cannot be given out here: the hub is set to another user ID for "
                "each person, and MPS lets in one at a time. Tell an administrator.",
                kind="configuration",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                log_message="GPUSpawner.uid is a callable; sizes with mode: mps need one number",
            )

    def _reserve(self, selection: Selection) -> None:
        person = self.person
        holding = Holding(
            server=self.name,
            units=selection.allocation.units,
            profile=selection.profile,
            team=selection.team.name,
            size=selection.size,
        )
        wish = Wish(person.name, holding, selection.allocation.display_name)
        try:
            limits = Limits.of(self.catalogue.quotas, person, selection.team, self.grants)
            self.ledger.reserve(wish, limits)
        except QuotaExceededError as error:
            raise Refusal(str(error), kind="quota", status=HTTPStatus.CONFLICT) from error

    def _store(self, options: Mapping[str, str]) -> None:
        """Make this the choice that the next start without options repeats.

        Stored with it is where the pod will be: a hub that ends meanwhile finds it again.
        Committed at once: JupyterHub rolls back what is not when a slow start's request ends.
        """
        self.user_options = dict(options)
        if self.orm_spawner is not None:
            self.orm_spawner.user_options = dict(options)
            self.orm_spawner.state = self.get_state()
            if session := object_session(self.orm_spawner):
                session.commit()

    def _apply(self, fields: PodFields) -> None:
        self._fields = fields
        for name in _REPLACED:
            setattr(self, name, copy.copy(getattr(fields, name)))
        for name in _EXTENDED:
            setattr(self, name, _extended(getattr(self, name), getattr(fields, name)))
        queued = self.queue and self._holds_gpu(fields)
        for name in _DEFAULTED:
            # In the queue, it decides who goes first: the scheduler would end sessions, too.
            applies = not (queued and name == "priority_class_name")
            if applies and (chosen := getattr(fields, name)) is not None:
                setattr(self, name, chosen)

    @staticmethod
    def _holds_gpu(fields: PodFields) -> bool:
        return Decimal(fields.labels[Label.GPU_UNITS]) > 0

    def get_env(self) -> dict[str, str]:
        """Add what KubeSpawner would read as a template: the JSON that the session is told."""
        env: dict[str, str] = super().get_env()
        if fields := self._fields:
            env.update(_texts(fields.literal_environment))
            if self.gpu_processes_url and self._holds_gpu(fields):
                env[str(SessionVariable.GPU_PROCESSES_URL)] = self.gpu_processes_url
        return env

    async def get_pod_manifest(self) -> V1Pod:
        """Put labels, annotations, the longest time and claimed devices on the pod.

        Not through KubeSpawner's settings: those of labels read braces in a name as a template,
        and those of claims would take CPU and memory away.
        """
        pod = await super().get_pod_manifest()
        if fields := self._fields:
            pod.metadata.labels.update(_texts(fields.labels))
            if self.queue and self._holds_gpu(fields):
                pod.metadata.labels.update(queue_labels(self.queue, fields.priority_class_name))
            pod.metadata.annotations.update(_texts(fields.annotations))
            pod.spec.active_deadline_seconds = fields.active_deadline_seconds
            if fields.resource_claims:
                pod.spec.resource_claims = [dict(claim) for claim in fields.resource_claims]
                names = [{"name": claim["name"]} for claim in fields.resource_claims]
                pod.spec.containers[0].resources.claims = names
        return pod

    def explained(self, reason: str) -> str:
        """Say how many GPUs were asked for, and how many the best node has, if too few."""
        if not (self._fields and self._cluster.known and NO_GPU_FREE.search(reason)):
            return reason
        nodes = self._cluster.all_nodes()
        return f"{reason} {too_few(self._fields.extra_resource_limits, nodes)}".rstrip()

    # What outlives the hub

    def get_state(self) -> dict[str, Any]:
        """Keep the last accepted choice and what the session holds."""
        state: dict[str, Any] = super().get_state()
        if self._accepted:
            state["selection"] = dict(self._accepted)
        for holding in self.ledger.held(self.user.name):
            if holding.server == self.name:
                state["holding"] = {
                    "units": str(holding.units),
                    "profile": holding.profile,
                    "team": holding.team,
                    "size": holding.size,
                }
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up after a hub restart: a server that has an address holds what it held."""
        super().load_state(state)
        self._accepted = dict(state.get("selection", {}))
        if self.orm_spawner is not None and self.orm_spawner.server is not None:
            self.ledger.restore(self.user.name, self._restored(state.get("holding")))
        self.follow()

    def _restored(self, kept: Mapping[str, str] | None) -> Holding:
        """Read what a session holds; team and size were not noted by earlier releases."""
        held = kept or {"units": "0", "profile": "a session"}  # none: nothing was made yet
        return Holding(
            server=self.name,
            units=Decimal(held["units"]),
            profile=held["profile"],
            team=held.get("team") or self._accepted.get("team", ""),
            size=held.get("size") or self._accepted.get("size", ""),
            running=True,
        )

    def clear_state(self) -> None:
        """Give the quota back, and forget what the selection and hooks have set.

        JupyterHub calls this when a server is gone or never came, and before the hooks of a start.
        """
        super().clear_state()
        self.ledger.release(self.user.name, self.name)
        for name, value in self._configured.items():
            setattr(self, name, copy.deepcopy(value))


def _extended(configured: Any, added: Any) -> Any:  # noqa: ANN401 -- lists and mappings alike
    """Add to what the operator set; a list may be given as a mapping of its items."""
    if isinstance(added, Mapping):
        return {**configured, **_texts(added)}
    items = list(configured.values()) if isinstance(configured, Mapping) else list(configured)
    return [*items, *(dict(item) for item in added)]


def _texts(mapping: Mapping[str, str]) -> dict[str, str]:
    """Plain strings of names that are members of an enumeration."""
    return {str(key): str(value) for key, value in mapping.items()}
