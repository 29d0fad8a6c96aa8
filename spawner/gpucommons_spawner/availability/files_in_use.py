"""Whose files are open on which node, where one node at a time can use them.

Kubernetes attaches a volume that is ReadWriteOnce to one node, so that another session of its
person in the team must be there. What is known of it, the sessions' own pods say.
"""

from dataclasses import dataclass

from gpucommons_contract import Annotation
from gpucommons_contract.formats.wording import joined
from gpucommons_contract.words import phrase, phrases, sentences

from gpucommons_spawner.kubernetes.manifest import Manifest
from gpucommons_spawner.pod_state.near_files import is_near_files
from gpucommons_spawner.pod_state.pod import is_over

_Whose = tuple[str, str]
"""Namespace of a team, and person."""


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """Where somebody's files in one team are open, and by which of their servers."""

    nodes: frozenset[str]
    servers: tuple[str, ...]

    def no_room(self, *, has_gpu: bool, grows: bool, can_run: bool) -> str:
        """Say that a size has no room there, and what to do.

        has_gpu: whether it is one with a GPU. grows: whether nodes are added for it. can_run:
        whether it would have room, if nothing else ran there.
        """
        default = phrase("on the default server")
        named = joined([f"“{name}”" if name else default for name in self.servers])
        lacking = phrase("this size has no room there")
        if has_gpu:
            lacking = phrase("no GPU of this size is free there")
        if not can_run:
            lacking = phrase("this size cannot run there now")
        number = len(self.servers)
        return sentences(
            phrases(
                "Your files are in use on one node by your session %(named)s, and %(lacking)s.",
                "Your files are in use on one node by your sessions %(named)s, and %(lacking)s.",
                number,
                named=named,
                lacking=lacking,
            ),
            phrase("A node that is added would not help.") if grows else "",
            phrases(
                "Stop that session, or choose a smaller size.",
                "Stop these sessions, or choose a smaller size.",
                number,
            )
            if can_run
            else phrases(
                "Stop that session, or choose another size.",
                "Stop these sessions, or choose another size.",
                number,
            ),
        )


@dataclass(frozen=True, slots=True)
class _Use:
    whose: _Whose
    server: str
    node: str


class FilesInUse:
    """Remembers the sessions that have files which one node at a time can use."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}
        self._by_person: dict[_Whose, dict[str, _Use]] = {}

    def take(self, key: str, pod: Manifest) -> bool:
        """Take a pod as it is now; return whether that says something new."""
        use = _use(pod)
        if use == self._uses.get(key):
            return False
        self.forget(key)
        if use:
            self._uses[key] = use
            self._by_person.setdefault(use.whose, {})[key] = use
        return True

    def forget(self, key: str) -> None:
        """Forget a pod."""
        if use := self._uses.pop(key, None):
            of_person = self._by_person[use.whose]
            del of_person[key]
            if not of_person:
                del self._by_person[use.whose]

    def of(self, namespace: str, person: str, server: str) -> OpenFiles | None:
        """Return where a person's files are open in a team; None if nothing says that they are.

        server: the one that is about to start. What it has open, is closed then.
        """
        found = self._by_person.get((namespace, person), {}).values()
        others = [use for use in found if use.server != server]
        if not others:
            return None
        nodes = frozenset(use.node for use in others)
        return OpenFiles(nodes, tuple(sorted(use.server for use in others)))


def _use(pod: Manifest) -> _Use | None:
    """Read which files a pod has open. One that is being stopped will soon have none."""
    metadata, node = pod["metadata"], pod["spec"].get("nodeName")
    notes = metadata.get("annotations") or {}
    person = notes.get(Annotation.USER)
    if not (node and person) or "deletionTimestamp" in metadata or is_over(pod):
        return None
    if not is_near_files(pod):
        return None
    return _Use((metadata["namespace"], person), notes.get(Annotation.SERVER, ""), node)
