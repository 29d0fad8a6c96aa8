"""From what somebody asked for to what the catalogue allows: the only way there is.

The form, the REST API, links, named servers and a restart with stored options all end in
``resolve``. Pods are built from the ``Selection`` that it returns and from nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import TypeVar

from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.environment import CUSTOM, Environment
from gpucommons_spawner.catalogue.image import allows, has_digest
from gpucommons_spawner.catalogue.offer import Offer
from gpucommons_spawner.selection.errors import SelectionError, choice_list, meant, quoted, short
from gpucommons_spawner.selection.past_run import PastRun
from gpucommons_spawner.selection.person import Person, Team
from gpucommons_spawner.selection.selection import CHOICES, PROFILE, Selection

_AnOffer = TypeVar("_AnOffer", bound=Offer)


@dataclass(frozen=True, slots=True)
class _Image:
    """An image that the catalogue allows."""

    version: str
    """``custom`` for an image that the person named."""
    reference: str
    """The image as the catalogue, or the person, names it."""
    digest: str = ""
    """What its tag stood for when it ran last, where that must be started again."""

    @property
    def title(self) -> str:
        """What it is called next to the environment's name."""
        return short(self.reference) if self.version == CUSTOM else self.version


def resolve(
    options: Mapping[str, object],
    person: Person,
    catalogue: Catalogue,
    today: date,
    past_runs: Iterable[PastRun] = (),
) -> Selection:
    """Check a choice against the catalogue and the person's teams. ``today`` is in UTC.

    A missing version is the environment's default version. A missing
    environment or size is the catalogue's default, if it names one. A missing
    team is the person's only one. An image takes the place of a version,
    where the environment takes such images. A digest must be the one that this very image
    had when the person's own session ran it: ``past_runs`` are these.
    Raises SelectionError for anything else: a key that is not known, a value
    that is not text, an offer that does not exist, is off, is for others or has
    retired, a team that the person is not in.
    """
    asked = _checked_options(options)
    team = _team(asked.get("team"), person)
    groups = person.groups_in(team)
    environment = asked.get("environment") or catalogue.defaults.environment
    size = asked.get("size") or catalogue.defaults.size
    offered = _offer("environment", environment, catalogue.environments, groups)
    allocation = _offer("size", size, catalogue.sizes, groups)
    image = _choose_image(
        str(environment),
        offered,
        asked,
        today,
        past_runs,
        pinned_only=catalogue.require_digests,
    )
    return Selection(
        team=team,
        environment=str(environment),
        version=image.version,
        size=str(size),
        reference=image.reference,
        digest=image.digest,
        allocation=allocation,
        profile=f"{offered.display_name} {image.title} · {allocation.display_name}",
        environment_title=offered.display_name,
        version_title=image.title,
        data={name: data for name, data in catalogue.data.items() if data.open_to(team.name)},
        idle=catalogue.idle.of(team.name, str(size)),
        priority=catalogue.priorities.of(team.name, allocation.priority),
    )


def _checked_options(options: Mapping[str, object]) -> dict[str, str]:
    """Pick the choices among the options, once every key and value is known to be fit."""
    for key, value in options.items():
        if key not in (*CHOICES, PROFILE):
            raise SelectionError(
                f"{quoted(key)} is not an option here. The options are team, environment, "
                "version or image, and size; leave out everything else.",
                key,
            )
        if not isinstance(value, str):
            raise SelectionError(f"The option {key} must be one text, not {quoted(value)}.", key)
    asked = {key: value for key in CHOICES if isinstance(value := options.get(key), str) and value}
    if options.get(PROFILE) and not asked.keys() - {"team"}:
        raise SelectionError(
            "A profile alone chooses nothing. Give environment and size; version is optional.",
            PROFILE,
        )
    return asked


def _team(name: str | None, person: Person) -> Team:
    """Find the team among the person's own; whether there are others is not for them to know."""
    own = {team.name: team for team in person.teams}
    if not own:
        raise SelectionError(
            "You are not in any team, and every session runs in one. "
            "Ask an administrator to add you to a team.",
            "team",
            HTTPStatus.FORBIDDEN,
        )
    if name is None and len(own) > 1:
        raise SelectionError(f"Which team? Choose one of {choice_list(own)}.", "team")
    if name is None:
        return person.teams[0]
    if name not in own:
        raise SelectionError(
            f"You are not in a team {quoted(name)}.{meant(name, own)} "
            f"Choose one of {choice_list(own)}, or ask an administrator to add you.",
            "team",
            HTTPStatus.FORBIDDEN,
        )
    return own[name]


def _offer(
    kind: str, name: str | None, offers: Mapping[str, _AnOffer], groups: frozenset[str]
) -> _AnOffer:
    choices = [key for key, offer in offers.items() if offer.refusal(groups) is None]
    if name is None:
        raise SelectionError(f"Which {kind}? Choose one of {choice_list(choices)}.", kind)
    if name not in offers:
        raise SelectionError(
            f"There is no {kind} {quoted(name)}.{meant(name, choices)} "
            f"Choose one of {choice_list(choices)}.",
            kind,
        )
    offer = offers[name]
    if not offer.open_to(groups):
        raise SelectionError(
            f"The {kind} {name} is for other groups. Choose one of {choice_list(choices)}, "
            "or ask an administrator for access.",
            kind,
            HTTPStatus.FORBIDDEN,
        )
    if offer.disabled:
        raise SelectionError(
            f"The {kind} {name} is off: {offer.disabled} Choose one of {choice_list(choices)}.",
            kind,
        )
    return offer


# The image: a version of the environment's, or one that the person names


def _choose_image(
    name: str,
    environment: Environment,
    asked: Mapping[str, str],
    today: date,
    past_runs: Iterable[PastRun],
    *,
    pinned_only: bool,
) -> _Image:
    """Choose the image by the options version, image and digest. ``name`` is the environment's.

    pinned_only demands a digest in the name of an image that the person named.
    Raises SelectionError for one that is not to be had.
    """
    if "image" in asked:
        if "version" in asked:
            raise SelectionError("Give a version or an image, not both.", "image")
        version, image = CUSTOM, _own_image(name, environment, asked["image"], today)
    else:
        version, image = _version(name, environment, asked.get("version"), today)
    digest = asked.get("digest", "")
    if digest and not any(run.image == image and run.digest == digest for run in past_runs):
        raise SelectionError(
            f"None of your sessions ran {image} with the digest {quoted(digest)}. "
            "Leave it out to start the image as it is now.",
            "digest",
            HTTPStatus.FORBIDDEN,
        )
    if version == CUSTOM and pinned_only and not has_digest(image):
        raise SelectionError(
            f"The image {quoted(image)} is not pinned. Write it with its digest, "
            "as name@sha256:…; a tag can be moved to something else.",
            "image",
        )
    return _Image(version, image, digest)


def _own_image(name: str, environment: Environment, image: str, today: date) -> str:
    if environment.custom_image is None or not allows(environment.custom_image, image):
        raise SelectionError(
            f"The environment {name} does not take the image {quoted(image)}. "
            f"{_accepted_images(environment)}"
            f"Its versions are {choice_list(environment.usable(today))}.",
            "image",
            HTTPStatus.FORBIDDEN,
        )
    return image


def _version(
    name: str, environment: Environment, wanted: str | None, today: date
) -> tuple[str, str]:
    """Return the version, and its image."""
    choices = environment.usable(today)
    version = wanted or environment.default_version(today)
    if version not in environment.versions:
        raise SelectionError(
            f"The environment {name} has no version {quoted(version)}. "
            f"Choose one of {choice_list(choices)}.",
            "version",
        )
    chosen = environment.versions[version]
    if chosen.disabled:
        raise SelectionError(
            f"Version {version} of {name} is off: {chosen.disabled} "
            f"Choose one of {choice_list(choices)}.",
            "version",
        )
    if refusal := chosen.refusal(today):
        raise SelectionError(
            f"Version {version} of {name} can no longer be started. {refusal} "
            f"Choose one of {choice_list(choices)}.",
            "version",
        )
    return version, chosen.image


def _accepted_images(environment: Environment) -> str:
    if environment.custom_image is None:
        return "It takes only its own images. "
    return f"It takes images whose whole name matches {environment.custom_image} . "
