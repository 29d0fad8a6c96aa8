"""Whether the nodes are well, and their clocks agree with the API server's."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import ClassVar

from gpucommons_contract import read_moment
from gpucommons_contract.formats.wording import counted, first_of
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.cluster.kubernetes_version import OLDEST, read_version
from gpucommons_doctor.finding import Finding, fault, good, unknown, warning
from gpucommons_doctor.kubernetes import LEASES, NODES, condition_of, is_true, name_of, spec_of

_LEASES_OF_NODES = "kube-node-lease"
"""Namespace. Source: https://kubernetes.io/docs/concepts/architecture/leases/"""
SKEW_TO_MIND = timedelta(seconds=10)
"""The two moments are compared to the second, and a busy API server answers in some."""
SKEW_TOO_LARGE = timedelta(seconds=60)
"""Half of what the hub forgives in Dex's tokens (`DexOAuthenticator.clock_leeway`)."""
_PRESSURES = ("DiskPressure", "MemoryPressure", "PIDPressure", "NetworkUnavailable")
_MOST_NAMES = 5


class NodesReady(Check):
    """Looks at the conditions of nodes."""

    name: ClassVar[str] = "nodes"
    question: ClassVar[str] = "Are the nodes ready, and do they take new sessions?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at all nodes."""
        return judge_nodes(await cluster.list(NODES))


class Clocks(Check):
    """Compares the clocks of nodes with that of the API server.

    A kubelet renews its node's Lease every 10 seconds and writes its own time there; the API
    server notes when that was. Neither our own clock nor the way to the cluster matters. Before
    1.25 Kubernetes noted that only once, when the Lease was made
    (https://github.com/kubernetes/kubernetes/pull/110058).
    """

    name: ClassVar[str] = "clocks"
    question: ClassVar[str] = "Do the clocks of the nodes agree with the API server's?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the Leases of all nodes."""
        said = str((await cluster.version()).get("gitVersion", ""))
        if (read_version(said) or OLDEST) < OLDEST:
            advice = "Upgrade the cluster; see the check kubernetes-version."
            return [unknown(f"Kubernetes {said} does not note when a Lease is renewed.", advice)]
        nodes = {name_of(each) for each in await cluster.list(NODES)}
        leases = await cluster.list(LEASES, _LEASES_OF_NODES)
        return judge_clocks(nodes, leases)


def judge_nodes(nodes: Iterable[Manifest]) -> list[Finding]:
    """Judge conditions and cordons."""
    away, cordoned, pressed, well = [], [], [], 0
    for node in nodes:
        ready = condition_of(node, "Ready")
        pressures = [each for each in _PRESSURES if is_true(condition_of(node, each))]
        if not is_true(ready):
            why = (ready or {}).get("message") or (ready or {}).get("reason") or "no report"
            away.append(f"{name_of(node)} ({why})")
        elif pressures:
            pressed.append(f"{name_of(node)} ({', '.join(pressures)})")
        elif spec_of(node).get("unschedulable"):
            cordoned.append(name_of(node))
        else:
            well += 1
    findings = [good(f"{counted(well, 'node')} ready.")] if well else []
    if away:
        findings.append(
            fault(
                f"Not ready: {first_of(away, _MOST_NAMES)}.",
                "Look at the kubelet on these nodes, or remove them from the cluster.",
            )
        )
    if pressed:
        findings.append(
            warning(
                f"Short of something: {first_of(pressed, _MOST_NAMES)}.",
                "Kubernetes starts nothing new there and may evict sessions. Make room.",
            )
        )
    if cordoned:
        findings.append(
            warning(
                f"Cordoned: {first_of(cordoned, _MOST_NAMES)}.",
                "No session starts there until `kubectl uncordon NODE`.",
            )
        )
    return findings or [fault("The cluster has no node.", "Add nodes.")]


def judge_clocks(nodes: Iterable[str], leases: Iterable[Manifest]) -> list[Finding]:
    """Judge by how much each node's clock is ahead of the API server's, or behind it."""
    by_name = {name_of(lease): lease for lease in leases}
    far, off, unread, well = [], [], [], 0
    for node in sorted(nodes):
        skew = skew_of(by_name[node]) if node in by_name else None
        if skew is None:
            unread.append(node)
        elif abs(skew) > SKEW_TOO_LARGE:
            far.append(_node_and_skew(node, skew))
        elif abs(skew) > SKEW_TO_MIND:
            off.append(_node_and_skew(node, skew))
        else:
            well += 1
    advice = "Set up time synchronisation (chrony, systemd-timesyncd) on nodes and control plane."
    findings = [good(f"The clocks of {counted(well, 'node')} agree.")] if well else []
    if far:
        findings.append(fault(f"Clocks are wrong: {first_of(far, _MOST_NAMES)}.", advice))
    if off:
        findings.append(warning(f"Clocks drift: {first_of(off, _MOST_NAMES)}.", advice))
    if unread:
        findings.append(
            unknown(
                f"The Lease of {first_of(unread, _MOST_NAMES)} does not say when it was renewed.",
                f"Look at the Leases in the namespace {_LEASES_OF_NODES}.",
            )
        )
    return findings or [unknown("The cluster has no node.", "Add nodes.")]


def skew_of(lease: Manifest) -> timedelta | None:
    """Return how far a kubelet's clock was ahead when it last renewed its Lease.

    None if the Lease does not say when that was by either clock.
    """
    renewed = spec_of(lease).get("renewTime")
    noted = [
        read_moment(entry["time"])
        for entry in lease["metadata"].get("managedFields") or ()
        if "time" in entry and _renews(entry)
    ]
    return read_moment(renewed) - max(noted) if renewed and noted else None


def _renews(entry: Mapping[str, object]) -> bool:
    """Return whether an entry of managedFields is of who writes the time of renewal."""
    fields = entry.get("fieldsV1")
    spec = fields.get("f:spec") if isinstance(fields, dict) else None
    return isinstance(spec, dict) and "f:renewTime" in spec


def _node_and_skew(node: str, skew: timedelta) -> str:
    seconds = round(abs(skew).total_seconds())
    return f"{node} ({seconds} s {'ahead' if skew > timedelta(0) else 'behind'})"
