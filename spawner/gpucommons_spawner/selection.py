"""From what somebody asked for to what the catalogue allows: the only way there is.

The form, the REST API, links, named servers and a restart with stored options all end in
``resolve``. Pods are built from the ``Selection`` it answers and from nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import TypeVar

from gpucommons_spawner.catalogue import (
    CUSTOM,
    Catalogue,
    Data,
    IdleRule,
    Offer,
    Size,
)
from gpucommons_spawner.image_choice import choose_image
from gpucommons_spawner.past_run import PastRun, pinned
from gpucommons_spawner.selection_error import SelectionError, listed, meant, shown
from gpucommons_spawner.teams import Team

CHOICES = ("team", "environment", "version", "image", "digest", "size")
PROFILE = "profile"
"""A sentence about the choice, written by the hub for its admin page. Never read back."""

_AnOffer = TypeVar("_AnOffer", bound=Offer)


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
    reference: str
    """The image as the catalogue, or the person, names it."""
    allocation: Size
    profile: str
    environment_title: str
    """What people read for ``environment``."""
    version_title: str
    """What people read for ``version``: of an image that they named, its name."""
    digest: str = ""
    """What its tag stood for when it ran last, where that is to be started again."""
    data: Mapping[str, Data] = field(default_factory=dict)
    """What the session sees below /data, by name."""
    idle: IdleRule = field(default_factory=IdleRule)
    priority: str | None = None

    @property
    def image(self) -> str:
        """Answer what the pod is given."""
        return pinned(self.reference, self.digest) if self.digest else self.reference

    def options(self) -> dict[str, str]:
        """Write the choice as it is stored, and accepted again by ``resolve``."""
        own = self.version == CUSTOM
        return {
            "team": self.team.name,
            "environment": self.environment,
            **({"image": self.reference} if own else {"version": self.version}),
            **({"digest": self.digest} if self.digest else {}),
            "size": self.size,
            PROFILE: self.profile,
        }


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
    team is the person's only one. An image stands in the place of a version,
    where the environment takes such images. A digest must be the one that this very image
    had when the person's own session ran it: ``past_runs`` are these.
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
    image = choose_image(
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


def _asked(options: Mapping[str, object]) -> dict[str, str]:
    """Pick the choices among the options, once every key and value is known to be fit."""
    for key, value in options.items():
        if key not in (*CHOICES, PROFILE):
            raise SelectionError(
                f"{shown(key)} is not an option here. The options are team, environment, "
                "version or image, and size; leave out everything else.",
                key,
            )
        if not isinstance(value, str):
            raise SelectionError(f"The option {key} must be one text, not {shown(value)}.", key)
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
            "You are in no team, and every session runs in one. "
            "Ask an administrator to add you to a team.",
            "team",
            HTTPStatus.FORBIDDEN,
        )
    if name is None and len(own) > 1:
        raise SelectionError(f"Which team? Choose one of {listed(own)}.", "team")
    if name is None:
        return person.teams[0]
    if name not in own:
        raise SelectionError(
            f"You are not in a team {shown(name)}.{meant(name, own)} "
            f"Choose one of {listed(own)}, or ask an administrator to add you.",
            "team",
            HTTPStatus.FORBIDDEN,
        )
    return own[name]


def _offer(
    kind: str, name: str | None, offers: Mapping[str, _AnOffer], groups: frozenset[str]
) -> _AnOffer:
    choices = [key for key, offer in offers.items() if offer.refusal(groups) is None]
    if name is None:
        raise SelectionError(f"Which {kind}? Choose one of {listed(choices)}.", kind)
    if name not in offers:
        raise SelectionError(
            f"There is no {kind} {shown(name)}.{meant(name, choices)} "
            f"Choose one of {listed(choices)}.",
            kind,
        )
    offer = offers[name]
    if not offer.open_to(groups):
        raise SelectionError(
            f"The {kind} {name} is for other groups. Choose one of {listed(choices)}, "
            "or ask an administrator for access.",
            kind,
            HTTPStatus.FORBIDDEN,
        )
    if offer.disabled:
        raise SelectionError(
            f"The {kind} {name} is off: {offer.disabled} Choose one of {listed(choices)}.",
            kind,
        )
    return offer
