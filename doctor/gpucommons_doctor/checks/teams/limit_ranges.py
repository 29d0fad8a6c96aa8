"""Whether LimitRanges in the namespaces of teams refuse sessions of a size."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from gpucommons_contract import amount
from gpucommons_contract.formats.wording import first_of
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import Manifest
from gpucommons_spawner.catalogue import Size

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, fault, good, warning
from gpucommons_doctor.kubernetes import LIMIT_RANGES, name_of, spec_of
from gpucommons_doctor.team_namespaces import may_have, no_team, team_namespaces, team_of

_MOST_NAMES = 5
_ADVICE = "Change or delete the LimitRange, or the size. Sessions say all amounts themselves."

Item = Mapping[str, Any]
"""One entry of a LimitRange's limits."""


class LimitRanges(Check):
    """Compares the LimitRanges that somebody made for teams with what sessions ask for."""

    name: ClassVar[str] = "limit-ranges"
    question: ClassVar[str] = "Do LimitRanges let sessions of all sizes start?"

    def __init__(self, sizes: Mapping[str, Size]) -> None:
        self._sizes = sizes

    async def run(self, cluster: Cluster) -> list[Finding]:
        """Look at the LimitRanges of all teams."""
        teams = await team_namespaces(cluster)
        found = await asyncio.gather(*(cluster.list(LIMIT_RANGES, name_of(each)) for each in teams))
        by_team = {team_of(team): each for team, each in zip(teams, found, strict=True)}
        return judge_limit_ranges(self._sizes, by_team)


def judge_limit_ranges(
    sizes: Mapping[str, Size], teams: Mapping[str, Iterable[Manifest]]
) -> list[Finding]:
    """Judge each size by the LimitRanges of the teams that may have it."""
    if not teams:
        return [no_team()]
    findings = []
    for name, size in sizes.items():
        having = [team for team in sorted(teams) if may_have(size, team, teams.keys())]
        refused = {team: why for team in having if (why := refusals(size, teams[team]))}
        if not refused:
            continue
        told = first_of(
            [f"{team} ({'; '.join(why)})" for team, why in refused.items()], _MOST_NAMES
        )
        found = f"Size {name} is refused by a LimitRange of {told}"
        if len(refused) == len(having):
            findings.append(fault(f"{found}, so nobody can start it.", _ADVICE))
        else:
            findings.append(warning(f"{found}: it is offered there, and refused.", _ADVICE))
    return findings or [good("No LimitRange of a team refuses a session.")]


def refusals(size: Size, ranges: Iterable[Manifest]) -> list[str]:
    """Return what the LimitRanges of one namespace have against a session of a size.

    Source: https://kubernetes.io/docs/concepts/policy/limit-range/, and for amounts that a pod does
    not name plugin/pkg/admission/limitranger of Kubernetes: those of a container get a default, of
    a whole pod they are refused.
    """
    limits, requests = _limits(size), _requests(size)
    return [
        f"{name_of(each)}: {why}"
        for each in ranges
        for item in spec_of(each).get("limits") or ()
        if item["type"] in {"Container", "Pod"}
        for why in (
            *_above(item, limits),
            *_below(item, requests),
            *_beyond_ratio(item, limits, requests),
        )
    ]


def _limits(size: Size) -> dict[str, Decimal]:
    return {"cpu": amount(size.cpu), "memory": amount(size.memory), **_devices(size)}


def _requests(size: Size) -> dict[str, Decimal]:
    cpu, memory = size.cpu_request or size.cpu, size.memory_request or size.memory
    return {"cpu": amount(cpu), "memory": amount(memory), **_devices(size)}


def _devices(size: Size) -> dict[str, Decimal]:
    return {name: amount(count) for name, count in size.gpu_fields().limits.items()}


def _above(item: Item, limits: Mapping[str, Decimal]) -> Iterator[str]:
    for resource, most in (item.get("max") or {}).items():
        if resource not in limits:
            yield from _unnamed(item, resource)
        elif limits[resource] > amount(most):
            yield f"{resource} at most {most} for a {item['type'].lower()}"


def _below(item: Item, requests: Mapping[str, Decimal]) -> Iterator[str]:
    for resource, least in (item.get("min") or {}).items():
        if resource not in requests:
            yield from _unnamed(item, resource)
        elif requests[resource] < amount(least):
            yield f"{resource} at least {least} for a {item['type'].lower()}"


def _beyond_ratio(
    item: Item, limits: Mapping[str, Decimal], requests: Mapping[str, Decimal]
) -> Iterator[str]:
    for resource, most in (item.get("maxLimitRequestRatio") or {}).items():
        request = requests.get(resource)
        if request and limits[resource] / request > amount(most):
            yield f"limit of {resource} at most {most} times its request"


def _unnamed(item: Item, resource: str) -> Iterator[str]:
    if item["type"] == "Pod":
        yield f"every pod must say its {resource}"
