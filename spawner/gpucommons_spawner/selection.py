"""From what somebody asked for to what the catalogue allows: the only way there is.

The form, the REST API, links with ``opt-`` parameters, named servers and a
restart with stored options all end in ``resolve``. Pods are built from the
``Selection`` it answers and from nothing else.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import TypeVar

from gpucommons_spawner.catalogue import (
    CUSTOM,
    Catalogue,
    Data,
    Environment,
    IdleRule,
    Offer,
    Size,
    allows,
    has_digest,
)
from gpucommons_spawner.teams import Team

CHOICES = ("team", "environment", "version", "image", "size")
PROFILE = "profile"
"""A sentence about the choice, written by the hub for its admin page. Never read back."""

_LONGEST = 63
_AnOffer = TypeVar("_AnOffer", bound=Offer)


class SelectionError(ValueError):
    """The options cannot be used. The text is for the person who gave them.

    status is the HTTP status that says so to an API client.
    """

    def __init__(self, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: their name, the groups that decide what they may choose, and their teams."""

    name: str
    groups: frozenset[str] = frozenset()
    teams: tuple[Team, ...] = ()

    def groups_in(self, team: Team | None) -> frozenset[str]:
        """Answer the groups that count in a session of a team: of the teams, this one alone."""
        if team is None:
            return self.groups
        return self.groups.difference(each.name for each in self.teams) | {team.name}


def only_in(teams: Iterable[Team | None], person: Person) -> str:
    """Say that something is to be had in some of the person's teams; empty if in all or none."""
    titles = [team.display_name for team in teams if team]
    if not titles or len(titles) == len(person.teams):
        return ""
    return f"In the team {' or '.join(titles)} only."


@dataclass(frozen=True, slots=True)
class Selection:
    """A choice that the catalogue allows this person, with what comes along with it."""

    team: Team
    environment: str
    version: str
    """``custom`` for an image that the person named."""
    size: str
    image: str
    allocation: Size
    profile: str
    data: Mapping[str, Data] = field(default_factory=dict)
    """What the session sees below /data, by name."""
    idle: IdleRule = field(default_factory=IdleRule)

    def options(self) -> dict[str, str]:
        """Write the choice as it is stored, and accepted again by ``resolve``."""
        own = self.version == CUSTOM
        return {
            "team": self.team.name,
            "environment": self.environment,
            **({"image": self.image} if own else {"version": self.version}),
            "size": self.size,
            PROFILE: self.profile,
        }


def resolve(
    options: Mapping[str, object], person: Person, catalogue: Catalogue, today: date
) -> Selection:
    """Check a choice against the catalogue and the person's teams. ``today`` is in UTC.

    A missing version is the environment's default version. A missing
    environment or size is the catalogue's default, if it names one. A missing
    team is the person's only one. An image stands in the place of a version,
    where the environment takes such images.
    Raises SelectionError for anything else: a key that is not known, a value
    that is not text, an offer that does not exist, is off, is for others or has
    retired, a team that the person is not in.
    """
    asked = _asked(options)
    team = _team(asked.get("team"), person)
    groups = person.groups_in(team)
    environment = asked.get("environment") or catalogue.defaults.environment
    size = asked.get("size") or catalogue.defaults.size
    offered = _offer("environment", environment, catalogue.environments, groups)
    allocation = _offer("size", size, catalogue.sizes, groups)
    version, image = _image(str(environment), offered, asked, today)
    if version == CUSTOM and catalogue.require_digests and not has_digest(image):
        raise SelectionError(
            f"The image {_shown(image)} is not pinned. Write it with its digest, "
            "as name@sha256:…; a tag can be moved to something else."
        )
    named = _short(image) if version == CUSTOM else version
    return Selection(
        team=team,
        environment=str(environment),
        version=version,
        size=str(size),
        image=image,
        allocation=allocation,
        profile=f"{offered.display_name} {named} · {allocation.display_name}",
        data={name: data for name, data in catalogue.data.items() if data.open_to(team.name)},
        idle=catalogue.idle.of(team.name, str(size)),
    )


def _asked(options: Mapping[str, object]) -> dict[str, str]:
    """Pick the choices among the options, once every key and value is known to be fit."""
    for key, value in options.items():
        if key not in (*CHOICES, PROFILE):
            raise SelectionError(
                f"{_shown(key)} is not an option here. The options are team, environment, "
                "version or image, and size; leave out everything else."
            )
        if not isinstance(value, str):
            raise SelectionError(f"The option {key} must be one text, not {_shown(value)}.")
    asked = {key: value for key in CHOICES if isinstance(value := options.get(key), str) and value}
    if options.get(PROFILE) and not asked.keys() - {"team"}:
        raise SelectionError(
            "A profile alone chooses nothing. Give environment and size; version is optional."
        )
    return asked


def _team(name: str | None, person: Person) -> Team:
    """Find the team among the person's own; whether there are others is not for them to know."""
    own = {team.name: team for team in person.teams}
    if not own:
        raise SelectionError(
            "You are in no team, and every session runs in one. "
            "Ask an administrator to add you to a team.",
            HTTPStatus.FORBIDDEN,
        )
    if name is None and len(own) > 1:
        raise SelectionError(f"Which team? Choose one of {_listed(own)}.")
    if name is None:
        return person.teams[0]
    if name not in own:
        raise SelectionError(
            f"You are not in a team {_shown(name)}.{_meant(name, own)} "
            f"Choose one of {_listed(own)}, or ask an administrator to add you.",
            HTTPStatus.FORBIDDEN,
        )
    return own[name]


def _offer(
    kind: str, name: str | None, offers: Mapping[str, _AnOffer], groups: frozenset[str]
) -> _AnOffer:
    choices = [key for key, offer in offers.items() if offer.refusal(groups) is None]
    if name is None:
        raise SelectionError(f"Which {kind}? Choose one of {_listed(choices)}.")
    if name not in offers:
        raise SelectionError(
            f"There is no {kind} {_shown(name)}.{_meant(name, choices)} "
            f"Choose one of {_listed(choices)}."
        )
    offer = offers[name]
    if not offer.open_to(groups):
        raise SelectionError(
            f"The {kind} {name} is for other groups. Choose one of {_listed(choices)}, "
            "or ask an administrator for access.",
            HTTPStatus.FORBIDDEN,
        )
    if offer.disabled:
        raise SelectionError(
            f"The {kind} {name} is off: {offer.disabled} Choose one of {_listed(choices)}."
        )
    return offer


def _image(
    name: str, environment: Environment, asked: Mapping[str, str], today: date
) -> tuple[str, str]:
    """Answer the version, and its image or the one that the person named."""
    choices = environment.usable(today)
    if (image := asked.get("image")) is not None:
        if "version" in asked:
            raise SelectionError("Give a version or an image, not both.")
        if environment.custom_image is None or not allows(environment.custom_image, image):
            raise SelectionError(
                f"The environment {name} does not take the image {_shown(image)}. "
                f"{_taken(environment)}Its versions are {_listed(choices)}.",
                HTTPStatus.FORBIDDEN,
            )
        return CUSTOM, image
    version = asked.get("version") or environment.default_version(today)
    if version not in environment.versions:
        raise SelectionError(
            f"The environment {name} has no version {_shown(version)}. "
            f"Choose one of {_listed(choices)}."
        )
    chosen = environment.versions[version]
    if chosen.disabled:
        raise SelectionError(
            f"Version {version} of {name} is off: {chosen.disabled} "
            f"Choose one of {_listed(choices)}."
        )
    if refusal := chosen.refusal(today):
        raise SelectionError(
            f"Version {version} of {name} cannot be started any more. {refusal} "
            f"Choose one of {_listed(choices)}."
        )
    return version, chosen.image


def _taken(environment: Environment) -> str:
    if environment.custom_image is None:
        return "It takes none but its own. "
    return f"It takes images whose whole name matches {environment.custom_image} . "


def _listed(choices: Iterable[str]) -> str:
    return ", ".join(choices) or "none: an administrator has to open one to you"


def _meant(name: str, choices: Iterable[str]) -> str:
    close = difflib.get_close_matches(name[:_LONGEST], list(choices), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _shown(value: object) -> str:
    """Somebody's input, short and with everything unprintable escaped."""
    return _short(ascii(value))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
