"""What snapshots are taken of, with what is noted on it, and whether anything takes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gpucommons_contract import (
    NAMESPACE_PREFIX,
    TEAM_FOLDER_COMPONENT,
    SnapshotState,
    read_moment,
    snapshot_state,
)
from gpucommons_contract.formats.wording import first_of
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import CLAIMS, Manifest

from gpucommons_doctor.finding import Finding, good
from gpucommons_doctor.kubernetes import DEPLOYMENTS, annotations_of, name_of, spec_of

CONTROLLER, STORE = "backup", "backup-store"
"""Values of the label app.kubernetes.io/name of the pods of cluster/backup and its store."""
_OF_HUB = "gpucommons"
_COMPONENTS = ("singleuser-storage", TEAM_FOLDER_COMPONENT)
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """A workspace, or the folder of a team."""

    name: str
    """With its namespace, as ``team-vision/workspace-ada``."""
    made: datetime
    snapshot: SnapshotState


async def snapshot_claims(cluster: Cluster) -> list[Claim]:
    """Return all workspaces and folders of teams."""
    found = [
        each
        for component in _COMPONENTS
        for each in await cluster.list(CLAIMS, label=f"component={component}")
    ]
    return [_claim(each) for each in found if _namespace(each).startswith(NAMESPACE_PREFIX)]


async def program(cluster: Cluster, name: str) -> Manifest | None:
    """Return the Deployment of the controller or its store; None if it is not there."""
    found = await cluster.list(DEPLOYMENTS, _OF_HUB)
    labels = ((each, spec_of(each)["template"]["metadata"].get("labels") or {}) for each in found)
    return next((each for each, has in labels if has.get("app.kubernetes.io/name") == name), None)


def not_set_up() -> Finding:
    """Say that there is nothing to look at. The check `snapshots` alone warns of it."""
    return good("No snapshots are set up.")


def named(claims: Iterable[Claim]) -> str:
    """Name some of the claims."""
    return first_of(sorted(each.name for each in claims), _MOST_NAMES)


def _claim(manifest: Manifest) -> Claim:
    made = read_moment(manifest["metadata"]["creationTimestamp"])
    name = f"{_namespace(manifest)}/{name_of(manifest)}"
    return Claim(name, made, snapshot_state(annotations_of(manifest)))


def _namespace(manifest: Manifest) -> str:
    namespace: str = manifest["metadata"]["namespace"]
    return namespace
