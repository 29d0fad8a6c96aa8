"""Whether workspaces can be made, grow, and be kept as snapshots."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from gpucommons_contract import Annotation
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check, or_unknown
from gpucommons_doctor.finding import Finding, fault, good, warning
from gpucommons_doctor.kubernetes import (
    NODES,
    SNAPSHOT_CLASSES,
    STORAGE_CLASSES,
    annotations_of,
    name_of,
)
from gpucommons_doctor.team_namespaces import team_namespaces, team_of

_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_BY_HAND = "kubernetes.io/no-provisioner"
"""Source: https://kubernetes.io/docs/concepts/storage/storage-classes/#local"""

Classes = Mapping[str, Manifest]


class Storage(Check):
    """Looks at the storage classes of workspaces: the hub's, the teams' own, or the default."""

    name: ClassVar[str] = "storage"
    question: ClassVar[str] = "Can workspaces be made, grow, and be kept as snapshots?"

    def __init__(self, storage_class: str) -> None:
        """storage_class: the hub's, empty for the cluster's default."""
        self._given = storage_class

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at classes, teams and nodes."""
        classes = {name_of(each): each for each in await cluster.list(STORAGE_CLASSES)}
        namespaces = await team_namespaces(cluster)
        teams = {
            team_of(each): annotations_of(each).get(str(Annotation.STORAGE_CLASS), "")
            for each in namespaces
        }
        folders = {
            f"{team_of(each)} (its folder)": of_class
            for each in namespaces
            if (of_class := annotations_of(each).get(str(Annotation.TEAM_FOLDER_CLASS), ""))
        }
        teams |= folders
        used = classes_used(classes, self._given, teams)
        several = len(await cluster.list(NODES)) > 1
        return [
            *judge_defaults(classes, self._given),
            *judge_named(classes, self._given, teams),
            *(f for each in used for f in judge_class(classes[each], several_nodes=several)),
            *await or_unknown(self._snapshots(cluster, [classes[each] for each in used])),
        ]

    @staticmethod
    async def _snapshots(cluster: Cluster, used: Sequence[Manifest]) -> list[Finding]:
        served = await cluster.serves(SNAPSHOT_CLASSES)
        return judge_snapshots(used, await cluster.list(SNAPSHOT_CLASSES) if served else None)


def classes_used(classes: Classes, given: str, teams: Mapping[str, str]) -> list[str]:
    """Return the classes of workspaces that exist, by name.

    teams: the class of each team that has one of its own, or an empty text.
    """
    default = defaults_of(classes)[:1]
    ordinary = [given] if given else default
    own = sorted({each for each in teams.values() if each})
    return [each for each in dict.fromkeys([*ordinary, *own]) if each in classes]


def defaults_of(classes: Classes) -> list[str]:
    """Return the default classes; of several, Kubernetes takes the one that was made last.

    Source: https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass
    """
    marked = [
        name for name, each in classes.items() if annotations_of(each).get(_DEFAULT) == "true"
    ]
    made = {name: str(classes[name]["metadata"].get("creationTimestamp", "")) for name in marked}
    return sorted(marked, key=lambda name: made[name], reverse=True)


def judge_defaults(classes: Classes, given: str) -> list[Finding]:
    """Judge whether there is one default."""
    defaults = defaults_of(classes)
    if len(defaults) == 1:
        return [good(f"The default StorageClass is {defaults[0]}.")]
    if defaults:
        return [
            warning(
                f"There are {len(defaults)} default StorageClasses: {', '.join(defaults)}. "
                f"Kubernetes takes the one made last, {defaults[0]}.",
                f"Take the annotation {_DEFAULT} from the others.",
            )
        ]
    if given:
        return []
    return [
        fault(
            "No StorageClass is the default, and none is given: workspaces are never made.",
            f"Annotate one with {_DEFAULT}=true, or set KubeSpawner.storage_class. "
            f"StorageClasses of the cluster: {', '.join(sorted(classes)) or 'none'}.",
        )
    ]


def judge_named(classes: Classes, given: str, teams: Mapping[str, str]) -> list[Finding]:
    """Judge whether the classes exist that the hub and the teams name."""
    wanted = [(given, "the hub")] if given else []
    wanted += [(name, f"team {team}") for team, name in sorted(teams.items()) if name]
    return [
        fault(
            f"The StorageClass {name}, which {who} names, does not exist.",
            f"StorageClasses of the cluster: {', '.join(sorted(classes)) or 'none'}. Make it, or "
            "name one of these.",
        )
        for name, who in wanted
        if name not in classes
    ]


def judge_class(storage: Manifest, *, several_nodes: bool) -> list[Finding]:
    """Judge one class in which workspaces are made."""
    name = name_of(storage)
    if storage["provisioner"] == _BY_HAND:
        return [
            fault(
                f"StorageClass {name} makes no volumes by itself: {_BY_HAND}.",
                "Use one whose provisioner makes a volume for each claim.",
            )
        ]
    findings = []
    if not storage.get("allowVolumeExpansion"):
        findings.append(
            warning(
                f"StorageClass {name} does not let volumes grow.",
                "Set allowVolumeExpansion: true if its driver can; workspaces stay as large as "
                "they were made.",
            )
        )
    if several_nodes and storage.get("volumeBindingMode", "Immediate") == "Immediate":
        findings.append(
            warning(
                f"StorageClass {name} makes volumes before it is known on which node a session "
                "runs (volumeBindingMode: Immediate).",
                "Where not every node reaches every volume, as across zones, sessions never start: "
                "use a class with WaitForFirstConsumer. Storage in the network, such as NFS, "
                "is fine.",
            )
        )
    return findings or [good(f"StorageClass {name} fits: volumes can grow.")]


def judge_snapshots(
    used: Sequence[Manifest], snapshot_classes: Sequence[Manifest] | None
) -> list[Finding]:
    """Judge whether workspaces can be kept as snapshots. None: the cluster has no such objects."""
    if snapshot_classes is None:
        return [
            warning(
                f"The cluster does not serve {SNAPSHOT_CLASSES.api}: no snapshots of workspaces.",
                "Install the snapshot controller and its CRDs: "
                "https://github.com/kubernetes-csi/external-snapshotter",
            )
        ]
    findings = []
    for storage in used:
        driver = storage["provisioner"]
        fitting = [name_of(each) for each in snapshot_classes if each["driver"] == driver]
        if fitting:
            said = f"Workspaces in {name_of(storage)} can be kept by VolumeSnapshotClass"
            findings.append(good(f"{said} {', '.join(fitting)}."))
        else:
            findings.append(
                warning(
                    f"No VolumeSnapshotClass is of the driver {driver} of StorageClass "
                    f"{name_of(storage)}.",
                    "Make one if the driver knows snapshots.",
                )
            )
    return findings
