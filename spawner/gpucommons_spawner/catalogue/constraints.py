"""The admission policy by which pods in teams' namespaces are of the catalogue. Pure.

Its rules are in ``pods_of_catalogue.yaml``. What the catalogue has is written into it as a literal
of CEL, which reads JSON.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib.resources import files
from typing import Any

import yaml
from gpucommons_contract import amount, is_team_name

from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.offer import Offer
from gpucommons_spawner.catalogue.size import Size

Manifest = dict[str, Any]

_POLICY = files("gpucommons_spawner.catalogue") / "pods_of_catalogue.yaml"
_VARIABLE = "allowed"
_TRIAL = ["Warn", "Audit"]
_EVERY_TEAM = "*"


def constraints(
    catalogue: Catalogue,
    today: date,
    images: Iterable[str] = (),
    *,
    default_priority: str | None = None,
    trial: bool = False,
) -> list[Manifest]:
    """Return the policy and its binding.

    images: what else may run there, such as a site's own sidecar. default_priority: the
    PriorityClass that the cluster writes on pods without one. trial: warn and write into the audit
    log, and refuse nothing. What is switched off, or has retired by ``today`` (UTC), is not
    allowed.
    """
    policy, binding = yaml.safe_load_all(_POLICY.read_text())
    (variable,) = (each for each in policy["spec"]["variables"] if each["name"] == _VARIABLE)
    allowed = _allowed(catalogue, today, images)
    if default_priority:
        allowed["default-priority"] = [default_priority]
    variable["expression"] = json.dumps(allowed, indent=1)
    if trial:
        binding["spec"]["validationActions"] = list(_TRIAL)
    return [policy, binding]


def _allowed(catalogue: Catalogue, today: date, images: Iterable[str]) -> dict[str, list[str]]:
    """Return lists by key. None is empty: CEL would not know of what it is a list."""
    found = {"images": list(images)}
    if catalogue.require_digests:
        found["digests-only"] = ["true"]
    for key, image in _images(catalogue, today):
        found.setdefault(key, []).append(image)
    found["data-claims"] = [data.claim_of(name) for name, data in catalogue.data.items()]
    for team, priority in catalogue.priorities.teams.items():
        found[f"priority.team.{team}"] = [priority]
    for name, size in catalogue.sizes.items():
        if not size.disabled:
            found[f"size.{name}"] = list(_size_lines(size))
    return {key: list(dict.fromkeys(values)) for key, values in found.items() if values}


def _images(catalogue: Catalogue, today: date) -> Iterator[tuple[str, str]]:
    """List the images, and the patterns of those that people bring, with the key of each."""
    for environment in catalogue.environments.values():
        for suffix in () if environment.disabled else _suffixes(environment):
            for name in environment.usable(today):
                yield f"images{suffix}", environment.versions[name].image
            if environment.custom_image:
                yield f"image-patterns{suffix}", rf"\A(?:{environment.custom_image})\z"


def _suffixes(offer: Offer) -> list[str]:
    """Return what keys end with, of the teams that may have it; nothing for every team."""
    return [""] if offer.access is None else [f".team.{team}" for team in _teams(offer)]


def _teams(offer: Offer) -> list[str]:
    """List its teams. A namespace says nothing of groups of other kinds, so these have no pods
    there but the hub's.
    """
    return [name for name in offer.access or () if is_team_name(name)]


def _size_lines(size: Size) -> Iterator[str]:
    """Say what a pod of the size has, in lines that a policy makes of a pod, too."""
    gpu = size.gpu_fields()
    if not gpu.team_apart:  # the rule that keeps teams apart is on pods of the hub alone
        teams = [_EVERY_TEAM] if size.access is None else _teams(size)
        yield from (f"team={team}" for team in teams)
    yield f"gpu-mode={gpu.mode}"
    yield f"gpu-units={plainly(gpu.units)}"
    yield from (f"device={name}={amount(count):f}" for name, count in gpu.limits.items())
    if gpu.claim_template:
        yield f"claim={gpu.claim_template}"
    selector = {**gpu.node_selector, **size.node_selector}
    yield from (f"node={key}={value}" for key, value in selector.items())
    yield from map(_toleration_line, size.all_tolerations())
    if size.priority:
        yield f"priority={size.priority}"
    if size.runtime_class:
        yield f"runtime={size.runtime_class}"


def _toleration_line(toleration: Mapping[str, str]) -> str:
    fields = ("key", "operator", "value", "effect")
    return "toleration=" + ":".join(toleration.get(field, "") for field in fields)
