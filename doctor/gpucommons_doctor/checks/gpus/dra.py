"""Whether what sizes claim by Dynamic Resource Allocation is there to be claimed."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import ClassVar

from gpucommons_contract.formats.wording import counted, first_of
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest
from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.catalogue.gpu_modes import DRA

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good
from gpucommons_doctor.kubernetes import (
    CLAIM_TEMPLATES,
    DEVICE_CLASSES,
    RESOURCE_SLICES,
    name_of,
    spec_of,
)
from gpucommons_doctor.team_namespaces import may_have, no_team, team_namespaces, team_of

_DRIVER = "gpu.nvidia.com"
"""NVIDIA's DRA driver, as its ResourceSlices name it.
Source: https://github.com/NVIDIA/k8s-dra-driver-gpu
"""
_MOST_NAMES = 5


class DRADevices(Check):
    """Looks at device classes, devices, and the teams' claim templates."""

    name: ClassVar[str] = "dra"
    question: ClassVar[str] = "Can sizes of the mode dra claim their devices?"

    def __init__(self, sizes: Mapping[str, Size]) -> None:
        self._sizes = {name: size for name, size in sizes.items() if isinstance(size.gpu, DRA)}

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the cluster, if a size needs it."""
        if not self._sizes:
            return [good("No size claims devices by DRA.")]
        if not await cluster.serves(DEVICE_CLASSES):
            return [
                fault(
                    f"The cluster does not serve {DEVICE_CLASSES.api}, which sizes need: "
                    f"{', '.join(self._sizes)}.",
                    "Upgrade Kubernetes to 1.34 or later, or take these sizes out.",
                )
            ]
        classes = {name_of(each) for each in await cluster.list(DEVICE_CLASSES)}
        slices = await cluster.list(RESOURCE_SLICES)
        teams = await team_namespaces(cluster)
        templates = {
            team_of(team): {
                name_of(each) for each in await cluster.list(CLAIM_TEMPLATES, name_of(team))
            }
            for team in teams
        }
        return [
            *judge_classes(self._sizes, classes),
            judge_devices(self._sizes, slices),
            *(judge_templates(self._sizes, templates) if teams else [no_team()]),
        ]


def judge_classes(sizes: Mapping[str, Size], classes: Set[str]) -> list[Finding]:
    """Judge whether the device classes exist that sizes name; nothing if all do."""
    return [
        fault(
            f"Size {name} claims devices of the DeviceClass {gpu.device_class}, which does not "
            "exist.",
            f"DeviceClasses of the cluster: {', '.join(sorted(classes)) or 'none'}. Install the "
            "DRA driver, or correct device_class.",
        )
        for name, gpu in _claims(sizes)
        if gpu.device_class not in classes
    ]


def judge_devices(sizes: Mapping[str, Size], slices: Sequence[Manifest]) -> Finding:
    """Judge whether NVIDIA's driver offers devices at all."""
    ours = [each for each in slices if spec_of(each).get("driver") == _DRIVER]
    devices = sum(len(spec_of(each).get("devices") or ()) for each in ours)
    if devices:
        return good(f"The DRA driver {_DRIVER} offers {counted(devices, 'device')}.")
    if all(size.nodes_on_demand for size in sizes.values()):
        return good("No device is offered by DRA now; nodes are added on demand.")
    return fault(
        f"The DRA driver {_DRIVER} offers no device.",
        "Install NVIDIA's DRA driver, and look at its pods on GPU nodes.",
    )


def judge_templates(sizes: Mapping[str, Size], templates: Mapping[str, Set[str]]) -> list[Finding]:
    """Judge whether each team that may have a size has its ResourceClaimTemplate.

    templates: names of those that are there, by team.
    """
    findings = []
    for name, gpu in _claims(sizes):
        lacking = [
            team
            for team, present in sorted(templates.items())
            if may_have(sizes[name], team, templates.keys()) and gpu.template not in present
        ]
        if lacking:
            findings.append(
                fault(
                    f"Size {name} needs the ResourceClaimTemplate {gpu.template}, which teams "
                    f"lack: {first_of(lacking, _MOST_NAMES)}.",
                    "gpucommons catalogue manifests FILE --team TEAM | kubectl apply -f -",
                )
            )
    return findings or [good("The teams have the claim templates of all sizes.")]


def _claims(sizes: Mapping[str, Size]) -> Iterable[tuple[str, DRA]]:
    return [(name, size.gpu) for name, size in sizes.items() if isinstance(size.gpu, DRA)]
