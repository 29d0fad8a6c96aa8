"""Whether values of z2jh's chart contradict GPU Commons, before a hub is installed with them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from gpucommons_contract.formats.wording import joined
from gpucommons_people.clients.cluster import Cluster

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good, warning
from gpucommons_doctor.hub_values import HubValues
from gpucommons_doctor.z2jh import Values, at

Contradictions = Callable[[HubValues, Path], Mapping[str, str]]
"""Says what of a hub's values, with this catalogue, contradicts GPU Commons: sentences by name."""

_OTHER_OBJECTS = {"hub-closed-to-sessions": ("a NetworkPolicy of your own",)}
"""What may make up for a contradiction, by its name."""
_OURS = {"from gpucommons_config import configure", "configure(c)"}
_OUR_SPAWNERS = {None, "gpucommons_spawner.GPUSpawner"}


class ChartValues(Check):
    """Asks what a hub would log of these settings when it starts. The cluster plays no part."""

    name: ClassVar[str] = "chart-values"
    question: ClassVar[str] = "Do the values of z2jh's chart go with GPU Commons?"

    def __init__(
        self, values: HubValues | None, catalogue: Path, contradictions: Contradictions
    ) -> None:
        """values: None if no file was given. catalogue: its file."""
        self._values, self._catalogue = values, catalogue
        self._contradictions = contradictions

    async def run(self, cluster: Cluster) -> list[Finding]:  # noqa: ARG002 -- as every check
        """Judge the values, if they are the chart's."""
        if self._values in (None, HubValues()):
            advice = "If z2jh installs the hub, name its values with --values."
            return [warning("The chart's values were not checked: none are given.", advice)]
        if self._values.chart is None:
            return [good("The hub's values are traits: no chart has a say in them.")]
        # It imports what a hub does, which takes a second or two.
        found = await asyncio.to_thread(self._contradictions, self._values, self._catalogue)
        return judge_values(self._values.chart, found)


def judge_values(chart: Values, contradictions: Mapping[str, str]) -> list[Finding]:
    """Judge by what contradicts GPU Commons. What something else may set is not a fault yet."""
    doubts = list(_set_elsewhere(chart))
    findings = []
    for name, sentence in contradictions.items():
        said = f"{name}: {sentence}"
        if others := [*doubts, *_OTHER_OBJECTS.get(name, ())]:
            advice = (
                f"Correct the values, unless {joined(others, 'or')} sets it otherwise, which "
                "values do not show. The hub's log says so once it has started."
            )
            findings.append(warning(said, advice))
        else:
            findings.append(fault(said, "Correct the values before a hub gets them."))
    return findings or [good("The values show nothing that contradicts GPU Commons.")]


def _set_elsewhere(chart: Values) -> Iterator[str]:
    """Name what sets a hub in ways that values do not show."""
    for name, code in at(chart, "hub.extraConfig", {}).items():
        if not {part for line in str(code).splitlines() for part in _statements(line)} <= _OURS:
            yield f"hub.extraConfig.{name}"
    spawner = at(chart, "hub.config.JupyterHub.spawner_class")
    if spawner not in _OUR_SPAWNERS:
        yield f"the spawner_class {spawner}"


def _statements(line: str) -> Iterator[str]:
    code = line.partition("#")[0]
    return (part.strip() for part in code.split(";") if part.strip())
