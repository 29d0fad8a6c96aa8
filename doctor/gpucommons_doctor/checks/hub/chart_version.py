"""Whether the hub was installed by the release of z2jh's chart that ours was tested with."""

import re
from collections.abc import Iterable
from typing import ClassVar

from gpucommons_contract.formats.wording import joined
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, good, warning
from gpucommons_doctor.kubernetes import NETWORK_POLICIES, labels_of
from gpucommons_doctor.z2jh import CHART_VERSION

_NAMESPACE = "gpucommons"
_LABELS = ("helm.sh/chart", "chart")
"""Which chart made an object; older releases of z2jh have the second alone."""
_CHART = re.compile(r"jupyterhub-(\d.*)")


class ChartVersion(Check):
    """Reads what z2jh's chart writes on its own NetworkPolicies."""

    name: ClassVar[str] = "chart-version"
    question: ClassVar[str] = "Is z2jh's chart the release that goes with this GPU Commons?"

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the policies of the hub's namespace."""
        return judge_versions(versions_of(await cluster.list(NETWORK_POLICIES, _NAMESPACE)))


def versions_of(policies: Iterable[Manifest]) -> set[str]:
    """Return the releases of z2jh's chart that made these policies, such as 4.4.0."""
    said = (labels_of(each).get(label, "") for each in policies for label in _LABELS)
    return {found[1] for each in said if (found := _CHART.fullmatch(each))}


def judge_versions(found: set[str]) -> list[Finding]:
    """Judge by what is installed; nothing is, where there are no policies of the chart."""
    if not found:
        return [
            good(f"{_NAMESPACE} has no NetworkPolicy of z2jh's chart: not installed, or without.")
        ]
    if found == {CHART_VERSION}:
        return [good(f"z2jh's chart is {CHART_VERSION}, as this release expects.")]
    return [
        warning(
            f"z2jh's chart is {joined(sorted(found))} in {_NAMESPACE}, and this release was tested "
            f"with {CHART_VERSION}; the checks of values are those of that chart.",
            f"Upgrade the hub to chart {CHART_VERSION}, or use the gpucommons of the release that "
            "the hub runs: docs/how-to/upgrade.md.",
        )
    ]
