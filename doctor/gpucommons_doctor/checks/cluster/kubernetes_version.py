"""Whether Kubernetes has what GPU Commons uses of it, and the kubelets fit the API server."""

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar

from gpucommons_contract.formats.wording import first_of
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest
from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.catalogue.gpu_modes import DRA

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good, unknown, warning
from gpucommons_doctor.kubernetes import NODES, name_of

Version = tuple[int, int]
"""Major and minor."""

OLDEST: Version = (1, 30)
"""cluster/base has a ValidatingAdmissionPolicy of admissionregistration.k8s.io/v1, which
Kubernetes serves from 1.30 on; z2jh's chart 4.4.0 would do with 1.28 (its kubeVersion).
Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
"""
OLDEST_FOR_DRA: Version = (1, 34)
"""resource.k8s.io/v1. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/
dynamic-resource-allocation/
"""
TESTED: Version = (1, 35)
"""The newest that the project's tests run on: local/programs/go.mod."""
_KUBELET_BEHIND = 3
"""Minor versions. Source: https://kubernetes.io/releases/version-skew-policy/#kubelet"""
_MOST_NAMES = 5

_VERSION = re.compile(r"v?(\d+)\.(\d+)")


class KubernetesVersion(Check):
    """Compares versions with what GPU Commons needs, and with one another."""

    name: ClassVar[str] = "kubernetes-version"
    question: ClassVar[str] = "Is this Kubernetes one that GPU Commons runs on?"

    def __init__(self, sizes: Mapping[str, Size]) -> None:
        self._dra = tuple(name for name, size in sizes.items() if isinstance(size.gpu, DRA))

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the API server's version and the kubelets'."""
        said = str((await cluster.version()).get("gitVersion", ""))
        server = read_version(said)
        if server is None:
            return [unknown(f"The API server's version, {said!r}, cannot be read.", "Report this.")]
        return [
            judge_server(said, server, self._dra),
            *judge_kubelets(server, await cluster.list(NODES)),
        ]


def read_version(text: str) -> Version | None:
    """Read major and minor of what a program says, such as ``v1.35.4+k3s1``."""
    found = _VERSION.match(text)
    return (int(found[1]), int(found[2])) if found else None


def judge_server(said: str, server: Version, dra: tuple[str, ...]) -> Finding:
    """Judge the API server's version. dra: the sizes that need Dynamic Resource Allocation."""
    if server < OLDEST:
        return fault(
            f"Kubernetes is {said}; GPU Commons needs {_written(OLDEST)}.",
            f"Upgrade the cluster to {_written(OLDEST)} or later.",
        )
    if dra and server < OLDEST_FOR_DRA:
        return fault(
            f"Kubernetes is {said}; sizes of the mode dra need {_written(OLDEST_FOR_DRA)}: "
            f"{', '.join(dra)}.",
            "Upgrade the cluster, or take these sizes out of the catalogue.",
        )
    if server > TESTED:
        return warning(
            f"Kubernetes is {said}, newer than {_written(TESTED)}, on which this release of GPU "
            "Commons was tested.",
            "Look whether there is a newer release of GPU Commons, and try it on a test cluster.",
        )
    return good(f"Kubernetes is {said}.")


def judge_kubelets(server: Version, nodes: Iterable[Manifest]) -> list[Finding]:
    """Compare the kubelets with the API server; nothing if all fit."""
    newer, behind, unread = [], [], []
    for node in nodes:
        said = node["status"]["nodeInfo"]["kubeletVersion"]
        kubelet = read_version(said)
        told = f"{name_of(node)} ({said})"
        if kubelet is None:
            unread.append(told)
        elif kubelet > server:
            newer.append(told)
        elif kubelet[0] < server[0] or server[1] - kubelet[1] > _KUBELET_BEHIND:
            behind.append(told)
    findings = []
    if newer:
        findings.append(
            fault(
                f"Kubelets are newer than the API server: {first_of(newer, _MOST_NAMES)}.",
                "Kubernetes does not support this. Upgrade the control plane.",
            )
        )
    if behind:
        findings.append(
            fault(
                f"Kubelets are more than {_KUBELET_BEHIND} minor versions behind the API server: "
                f"{first_of(behind, _MOST_NAMES)}.",
                "Kubernetes does not support this. Upgrade these nodes.",
            )
        )
    if unread:
        findings.append(
            unknown(
                f"Versions of kubelets cannot be read: {first_of(unread, _MOST_NAMES)}.",
                "Report this.",
            )
        )
    return findings


def _written(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
