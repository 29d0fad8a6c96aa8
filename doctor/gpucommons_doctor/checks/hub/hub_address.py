"""Whether the hub in the cluster is the one that the values are about."""

from collections.abc import Iterable
from typing import ClassVar

from gpucommons_contract.formats.wording import joined
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good
from gpucommons_doctor.hub_values import HubValues
from gpucommons_doctor.kubernetes import INGRESSES, labels_of, spec_of
from gpucommons_doctor.z2jh import at

_NAMESPACE = "gpucommons"
_OF_CHART = {"app": "jupyterhub", "component": "ingress"}


class HubAddress(Check):
    """Compares the hosts of the hub's Ingress with those of the values."""

    name: ClassVar[str] = "hub-address"
    question: ClassVar[str] = "Is the hub in the cluster the one that the values are about?"

    def __init__(self, values: HubValues | None) -> None:
        chart = (values.chart if values else None) or {}
        self._hosts = {*at(chart, "ingress.hosts", [])}

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the Ingresses of the hub's namespace."""
        return judge_hosts(hosts_of(await cluster.list(INGRESSES, _NAMESPACE)), self._hosts)


def hosts_of(ingresses: Iterable[Manifest]) -> set[str]:
    """Return the host names under which z2jh's chart has made the hub known."""
    return {
        rule["host"]
        for each in ingresses
        if _OF_CHART.items() <= labels_of(each).items()
        for rule in spec_of(each).get("rules") or ()
        if rule.get("host")
    }


def judge_hosts(there: set[str], wanted: set[str]) -> list[Finding]:
    """Judge by the names alone; without some of either there is nothing to compare."""
    if not there:
        return [good(f"No Ingress in {_NAMESPACE} names a hub.")]
    if not wanted:
        return [good(f"The hub is at {joined(sorted(there))}; no values name another.")]
    if there & wanted:
        return [good(f"The hub is at {joined(sorted(there))}, as the values say.")]
    return [
        fault(
            f"The cluster has another installation: its hub is at {joined(sorted(there))}, and the "
            f"values are about {joined(sorted(wanted))}. What you apply would take its place.",
            "Look whether kubectl and --values are for the same cluster. A cluster has one "
            "installation. If the hub moves to the other name, upgrade it, and look again.",
        )
    ]
