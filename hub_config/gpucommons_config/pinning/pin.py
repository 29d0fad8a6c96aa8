"""Looks up the images of a catalogue, and says which would change."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gpucommons_contract.formats.yaml_files import Document
from gpucommons_spawner.catalogue.problems import Problem, problem_at
from gpucommons_spawner.catalogue.reference import ImageReference, pinned_beside_tag

from gpucommons_config.pinning.errors import LookupFailedError
from gpucommons_config.pinning.manifest import has_platform
from gpucommons_config.pinning.registries import Found, Registries
from gpucommons_config.pinning.targets import Target


class Outcome(StrEnum):
    """What becomes of the image of one version."""

    PINNED = "pinned"
    """It had no digest."""
    MOVED = "moved"
    """Its tag is another image than before."""
    UNCHANGED = "unchanged"
    LEFT = "left"
    """It has a digest and no tag, so there is nothing to look up."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One version, and the name of its image with the digest that its tag has now."""

    target: Target
    image: str
    outcome: Outcome
    line: int
    """Of the file, from 1."""
    platforms: tuple[str, ...] | None = None

    @property
    def changes(self) -> bool:
        """Whether the catalogue must be changed for it."""
        return self.outcome in {Outcome.PINNED, Outcome.MOVED}


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What the registries said: pins in the order of the file, and what went wrong."""

    pins: tuple[Pin, ...]
    problems: tuple[Problem, ...]
    """With warnings, which keep nothing from being written."""

    @property
    def failed(self) -> bool:
        """Whether an image could not be looked up, so that nothing may be written."""
        return any(not each.warning for each in self.problems)

    def images(self) -> dict[Target, str]:
        """Return the names to write: all that change, or none if one could not be looked up."""
        if self.failed:
            return {}
        return {pin.target: pin.image for pin in self.pins if pin.changes}


async def look_up(
    targets: Sequence[Target], tree: Document, registries: Registries, platforms: Sequence[str]
) -> LookedUp:
    """Ask for each tag once.

    platforms: of which an image that lacks one is warned, such as ``linux/amd64``.
    """
    known: defaultdict[ImageReference, set[str]] = defaultdict(set)
    for target in targets:
        if not _has_nothing_to_ask(target.reference):
            known[_tag_alone(target)].add(target.reference.digest)
    found = await _all(known, registries, platforms=bool(platforms))
    pins, problems = [], []
    for target in targets:
        answer = found.get(_tag_alone(target))
        if _has_nothing_to_ask(target.reference):
            pins.append(Pin(target, target.image, Outcome.LEFT, _line(tree, target)))
        elif isinstance(answer, Found):
            pins.append(_pin(tree, target, answer))
            problems += _lacking(tree, target, answer, platforms)
        else:
            problems.append(problem_at(tree, target.keys, str(answer)))
    return LookedUp(tuple(pins), tuple(problems))


async def _all(
    known: Mapping[ImageReference, set[str]], registries: Registries, *, platforms: bool
) -> dict[ImageReference, Found | LookupFailedError]:
    async def ask(reference: ImageReference) -> Found | LookupFailedError:
        digests = known[reference]
        certain = digests if len(digests) == 1 else ()  # new for one version is new
        try:
            return await registries.look_up(reference, certain, platforms=platforms)
        except LookupFailedError as error:
            return error

    async with asyncio.TaskGroup() as group:
        asked = {reference: group.create_task(ask(reference)) for reference in known}
    return {reference: task.result() for reference, task in asked.items()}


def _tag_alone(target: Target) -> ImageReference:
    return replace(target.reference, digest="")


def _has_nothing_to_ask(reference: ImageReference) -> bool:
    return bool(reference.digest) and not reference.tag


def _pin(tree: Document, target: Target, found: Found) -> Pin:
    before = target.reference.digest
    if before == found.digest:
        outcome, image = Outcome.UNCHANGED, target.image
    else:
        outcome = Outcome.MOVED if before else Outcome.PINNED
        image = pinned_beside_tag(target.image, found.digest)
    return Pin(target, image, outcome, _line(tree, target), found.platforms)


def _line(tree: Document, target: Target) -> int:
    return tree.find(target.keys)[1][0]


def _lacking(
    tree: Document, target: Target, found: Found, platforms: Sequence[str]
) -> list[Problem]:
    if found.platforms is None:
        return []
    there = ", ".join(found.platforms) or "none"
    return [
        problem_at(
            tree,
            target.keys,
            f"is not for {each}, only for {there}; it does not start on such nodes",
            warning=True,
        )
        for each in platforms
        if not has_platform(found.platforms, each)
    ]
