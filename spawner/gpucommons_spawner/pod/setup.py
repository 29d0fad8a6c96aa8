"""Puts what a selection decides about a pod beside what the operator has set, and onto the pod."""

import copy
from collections.abc import Mapping
from typing import Any, Protocol

from gpucommons_contract import SessionVariable
from gpucommons_contract.words import ENGLISH, language
from gpucommons_upkeep.logs import LOG_FORMAT, Form, chosen_form
from kubernetes_asyncio.client import V1Pod

from gpucommons_spawner.availability.size_pod import SETTINGS, Settings
from gpucommons_spawner.catalogue.program import PROGRAMS, program_at
from gpucommons_spawner.lifecycle.part import SessionPart
from gpucommons_spawner.pod.build import PodFields
from gpucommons_spawner.pod_state.queue import queue_labels

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
"""Settings of the operator that apply where the selection names none."""
_SHARED = (*_EXTENDED, *_DEFAULTED, "default_url")
"""Settings of the operator that a selection changes."""


class _Spawner(Protocol):
    """What is read of it here; of its other settings, those above are read and set."""

    queue: str
    gpu_processes_url: str
    files_url: str
    default_url: str
    lab_name: str


class PodSetup(SessionPart):
    """Sets up a KubeSpawner for one selection after the other."""

    def __init__(self, spawner: _Spawner) -> None:
        """Note what the operator has set, before any selection changes it."""
        self._spawner = spawner
        self._configured = {name: copy.deepcopy(getattr(spawner, name)) for name in _SHARED}
        self.fields: PodFields | None = None
        """What the last selection decided."""
        self.language = ENGLISH
        """Of the page that the session was started from: its editors and its notices are in it."""

    def state(self) -> Mapping[str, object]:
        """Store the language, for notices after a hub restart."""
        return {} if self.language == ENGLISH else {"language": self.language}

    def restore(self, state: Mapping[str, object]) -> None:
        """Take the language up again."""
        self.language = str(state.get("language", ENGLISH))

    def apply(self, fields: PodFields) -> None:
        """Set what a selection decides, in the language of the request that asked for it."""
        self.fields, self.language = fields, language()
        spawner = self._spawner
        for name in _REPLACED:
            setattr(spawner, name, copy.copy(getattr(fields, name)))
        for name in _EXTENDED:
            setattr(spawner, name, _extended(getattr(spawner, name), getattr(fields, name)))
        queued = spawner.queue and fields.has_gpu
        for name in _DEFAULTED:
            # In the queue, it decides who goes first: the scheduler would end sessions, too.
            applies = not (queued and name == "priority_class_name")
            if applies and (chosen := getattr(fields, name)) is not None:
                setattr(spawner, name, chosen)
        # An address of the operator's within the same program stays, such as a page of welcome.
        if fields.opens and fields.opens != program_at(spawner.default_url):
            spawner.default_url = PROGRAMS[fields.opens].default_url

    @property
    def usual_program(self) -> str:
        """The program that a session opens without a choice; empty for one that is not ours."""
        return program_at(self._configured["default_url"])

    def cleared(self) -> None:
        """Set again what the operator has set, whatever a selection or a hook has made of it."""
        for name, value in self._configured.items():
            setattr(self._spawner, name, copy.deepcopy(value))

    @property
    def set_by_operator(self) -> Settings:
        """What is set for every session, whatever its size, and says where there is room."""
        return {name: getattr(self._spawner, name) for name in SETTINGS} | self._configured

    def literal_environment(self) -> dict[str, str]:
        """Return what KubeSpawner would read as a template: the JSON that the session shows."""
        if not self.fields:
            return {}
        variables = _texts(self.fields.literal_environment)
        if name := self._spawner.lab_name:
            # Kubernetes would put another variable in the place of $(NAME), and reads $$ as $.
            variables[str(SessionVariable.LAB_NAME)] = name.replace("$", "$$")
        if self.language != ENGLISH:
            variables[str(SessionVariable.LANGUAGE)] = self.language
        if self._spawner.gpu_processes_url and self.fields.has_gpu:
            variables[str(SessionVariable.GPU_PROCESSES_URL)] = self._spawner.gpu_processes_url
        if (form := chosen_form()) is Form.JSON:
            variables[LOG_FORMAT] = str(form)
        if self._spawner.files_url:
            variables[str(SessionVariable.FILES_URL)] = self._spawner.files_url
        return variables

    def complete(self, pod: V1Pod) -> None:
        """Put on the pod what KubeSpawner has no setting for, or one that does not fit.

        Its settings of labels read braces in a name as a template, and those of claims would
        take CPU and memory away.
        """
        spec: Any = pod.spec
        session = spec.containers[0]
        if session.termination_message_policy is None:  # so that it is known why a start fails
            session.termination_message_policy = "FallbackToLogsOnError"
        if not (fields := self.fields):
            return
        pod.metadata.labels.update(_texts(fields.labels))
        if self._spawner.queue and fields.has_gpu:
            queue = queue_labels(self._spawner.queue, fields.priority_class_name)
            pod.metadata.labels.update(queue)
        pod.metadata.annotations.update(_texts(fields.annotations))
        spec.active_deadline_seconds = fields.active_deadline_seconds
        if fields.runtime_class_name:
            spec.runtime_class_name = fields.runtime_class_name
        if fields.resource_claims:
            spec.resource_claims = [dict(claim) for claim in fields.resource_claims]
            names = [{"name": claim["name"]} for claim in fields.resource_claims]
            session.resources.claims = names


def _texts(mapping: Mapping[str, str]) -> dict[str, str]:
    """Write names that are members of an enumeration as plain strings."""
    return {str(key): str(value) for key, value in mapping.items()}


def _extended(configured: Any, added: Any) -> Any:  # noqa: ANN401 -- lists and mappings alike
    """Add to what the operator set; a list may be given as a mapping of its items."""
    if isinstance(added, Mapping):
        return {**configured, **_texts(added)}
    items = list(configured.values()) if isinstance(configured, Mapping) else list(configured)
    return [*items, *(dict(item) for item in added)]
