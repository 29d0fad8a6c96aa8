"""Whether the quotas of teams fit what the nodes have, and what a session of each size asks."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Set
from decimal import Decimal
from typing import ClassVar

from gpucommons_contract import amount
from gpucommons_contract.formats.wording import first_of
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import QUOTAS, Manifest
from gpucommons_people.teams.team_objects import device_key
from gpucommons_spawner.catalogue import Size
from gpucommons_spawner.catalogue.gpu_modes import DRA

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good, warning
from gpucommons_doctor.kubernetes import NODES, name_of, spec_of
from gpucommons_doctor.team_namespaces import may_have, no_team, team_namespaces, team_of

_REQUESTS = "requests."
_MOST_NAMES = 5

Hard = Mapping[str, Decimal]
"""What all quotas of one namespace allow together: the least of each key."""


class TeamQuotas(Check):
    """Compares quotas with the nodes and with the catalogue."""

    name: ClassVar[str] = "quota"
    question: ClassVar[str] = "Do the teams' quotas fit the nodes and the sizes?"

    def __init__(self, sizes: Mapping[str, Size], *, queued: bool = False) -> None:
        """queued: sessions with a GPU wait in Kueue's queue for one."""
        self._sizes, self._queued = sizes, queued

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at nodes and at the quotas of all teams."""
        nodes = await cluster.list(NODES)
        teams = await team_namespaces(cluster)
        quotas = await asyncio.gather(*(cluster.list(QUOTAS, name_of(each)) for each in teams))
        by_team = {team_of(team): hard_of(each) for team, each in zip(teams, quotas, strict=True)}
        return judge_quotas(self._sizes, by_team, capacity_of(nodes), queued=self._queued)


def capacity_of(nodes: Iterable[Manifest]) -> dict[str, Decimal]:
    """Sum what all nodes offer of each device, ready or not."""
    total: dict[str, Decimal] = {}
    for node in nodes:
        for resource, count in ((node.get("status") or {}).get("allocatable") or {}).items():
            if "/" in resource:
                total[resource] = total.get(resource, Decimal(0)) + amount(count)
    return total


def hard_of(quotas: Iterable[Manifest]) -> dict[str, Decimal]:
    """Return what the quotas of one namespace allow.

    A quota with a scope is for some pods only, of which it cannot be told whether they are
    sessions: it is left out.
    """
    least: dict[str, Decimal] = {}
    for quota in quotas:
        spec = spec_of(quota)
        if spec.get("scopes") or spec.get("scopeSelector"):
            continue
        for key, written in (spec.get("hard") or {}).items():
            least[key] = min(amount(written), least.get(key, amount(written)))
    return least


def judge_quotas(
    sizes: Mapping[str, Size],
    teams: Mapping[str, Hard],
    capacity: Mapping[str, Decimal],
    *,
    queued: bool = False,
) -> list[Finding]:
    """Judge the quotas of all teams.

    queued: sessions with a GPU wait in Kueue's queue for one. A quota counts them from then on.
    """
    if not teams:
        return [no_team()]
    asked = {resource for size in sizes.values() for resource in size.gpu_fields().limits}
    waited_for = asked if queued else set()
    findings = [
        *_beyond_nodes(sizes, teams, capacity, waited_for),
        *_leaving_none_to_wait(teams, capacity, waited_for),
        *_below_sizes(sizes, teams),
    ]
    return findings or [good("The quotas of teams fit the nodes and the sizes.")]


def _beyond_nodes(
    sizes: Mapping[str, Size],
    teams: Mapping[str, Hard],
    capacity: Mapping[str, Decimal],
    waited_for: Set[str],
) -> list[Finding]:
    """Name quotas of devices that no number of sessions could use up, unless some wait."""
    grows = {
        resource
        for size in sizes.values()
        if size.nodes_on_demand
        for resource in size.gpu_fields().limits
    }
    beyond: dict[str, list[str]] = {}
    for team, resource, count in _of_devices(teams):
        limits = resource not in grows and resource not in waited_for
        if limits and count > capacity.get(resource, Decimal(0)):
            beyond.setdefault(resource, []).append(f"{team} ({count})")
    return [
        warning(
            f"Quotas allow more {resource} than the nodes have "
            f"({capacity.get(resource, Decimal(0))}): {first_of(whose, _MOST_NAMES)}.",
            "Such a quota limits nothing. Lower it with `gpucommons team add`, or add nodes.",
        )
        for resource, whose in beyond.items()
    ]


def _leaving_none_to_wait(
    teams: Mapping[str, Hard], capacity: Mapping[str, Decimal], waited_for: Set[str]
) -> list[Finding]:
    """Name quotas that limit no session which runs, and keep all others from the queue."""
    full: dict[str, list[str]] = {}
    for team, resource, count in _of_devices(teams):
        if resource in waited_for and count == capacity.get(resource):
            full.setdefault(resource, []).append(team)
    return [
        warning(
            f"The quota of {resource} is all that the nodes have ({capacity[resource]}), and "
            f"counts sessions that wait in the queue, too: {first_of(whose, _MOST_NAMES)}. When "
            "such a team has them all, its next session is refused and does not wait.",
            "Take it out of the teams' file and run `gpucommons team apply`: the queue has the "
            "same limit. Or raise it by as many as may wait.",
        )
        for resource, whose in full.items()
    ]


def _of_devices(teams: Mapping[str, Hard]) -> Iterator[tuple[str, str, Decimal]]:
    """Go through the quotas of nodes' devices: team, resource, how many."""
    for team, hard in sorted(teams.items()):
        for key, count in hard.items():
            resource = key.removeprefix(_REQUESTS)
            if key.startswith(_REQUESTS) and "/" in resource:
                yield team, resource, count


def _below_sizes(sizes: Mapping[str, Size], teams: Mapping[str, Hard]) -> Iterator[Finding]:
    """Name sizes of which a team that may have them can start not even one."""
    advice = "Raise the quota with `gpucommons team add`, or say in access who may have the size."
    for name, size in sizes.items():
        needs = _needs(size)
        having = [team for team in sorted(teams) if may_have(size, team, teams.keys())]
        short = {
            team: keys
            for team in having
            if (keys := [k for k, need in needs.items() if need > teams[team].get(k, need)])
        }
        if not short:
            continue
        whose = first_of([f"{team} ({', '.join(k)})" for team, k in short.items()], _MOST_NAMES)
        found = f"Size {name}: one session alone is more than the quota of {whose}"
        if len(short) == len(having):
            yield fault(f"{found}, so nobody can start it.", advice)
        else:
            yield warning(f"{found}: it is offered there, and refused.", advice)


def _needs(size: Size) -> dict[str, Decimal]:
    """Return what one session counts for, by the keys of a ResourceQuota."""
    return {
        "pods": Decimal(1),
        "count/pods": Decimal(1),
        "limits.cpu": amount(size.cpu),
        "limits.memory": amount(size.memory),
        **dict.fromkeys(("requests.cpu", "cpu"), amount(size.cpu_request or size.cpu)),
        **dict.fromkeys(("requests.memory", "memory"), amount(size.memory_request or size.memory)),
        **{device_key(name): amount(count) for name, count in size.gpu_fields().limits.items()},
        **_claimed(size),
    }


def _claimed(size: Size) -> dict[str, Decimal]:
    if not isinstance(size.gpu, DRA):
        return {}
    return {device_key(size.gpu.device_class): Decimal(size.gpu.count)}
