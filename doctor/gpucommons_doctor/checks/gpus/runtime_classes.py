"""Whether the cluster has the RuntimeClasses that sizes name."""

from collections.abc import Mapping, Set
from typing import ClassVar

from gpucommons_people.clients.cluster import Cluster
from gpucommons_spawner.catalogue import Size

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good
from gpucommons_doctor.kubernetes import RUNTIME_CLASSES, name_of


class RuntimeClasses(Check):
    """Looks up each RuntimeClass: a pod that names one that is not there is refused."""

    name: ClassVar[str] = "runtime-classes"
    question: ClassVar[str] = "Do the RuntimeClasses exist that sizes name?"

    def __init__(self, sizes: Mapping[str, Size]) -> None:
        self._sizes = sizes

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the RuntimeClasses, if a size names one."""
        if not any(size.runtime_class for size in self._sizes.values()):
            return [good("No size names a RuntimeClass; sessions run with the nodes' default.")]
        there = {name_of(each) for each in await cluster.list(RUNTIME_CLASSES)}
        return judge_runtime_classes(self._sizes, there)


def judge_runtime_classes(sizes: Mapping[str, Size], there: Set[str]) -> list[Finding]:
    """Judge the sizes that name a RuntimeClass by those that are there."""
    named: dict[str, list[str]] = {}
    for name, size in sizes.items():
        if size.runtime_class:
            named.setdefault(size.runtime_class, []).append(name)
    return [
        good(f"RuntimeClass {each} is there.")
        if each in there
        else fault(
            f"RuntimeClass {each} does not exist; sizes name it: {', '.join(users)}.",
            f"RuntimeClasses of the cluster: {', '.join(sorted(there)) or 'none'}. Make it, or "
            "write one of these as runtime_class.",
        )
        for each, users in named.items()
    ]
