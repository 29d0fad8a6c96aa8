"""From what somebody asked for to what the catalogue allows: the only way there is.

The form, the REST API, links, named servers and a restart with stored options all end in
``resolve``. Pods are built from the ``Selection`` that it returns and from nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.environment import CUSTOM, Environment
from gpucommons_spawner.catalogue.image import allows, has_digest
from gpucommons_spawner.catalogue.offer import Offer
from gpucommons_spawner.selection import refusals
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
        return refusals.short(self.reference) if self.version == CUSTOM else self.version


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
    had when the person's own session ran it: ``past_runs`` are these. What it opens with is one
    of the environment's programs.
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
        opens=_opens(str(environment), offered, asked.get("opens")),
    )


def _checked_options(options: Mapping[str, object]) -> dict[str, str]:
    """Pick the choices among the options, once every key and value is known to be fit."""
    for key, value in options.items():
        if key not in (*CHOICES, PROFILE):
            raise refusals.no_option(key)
        if not isinstance(value, str):
            raise refusals.no_text(key, value)
    asked = {key: value for key in CHOICES if isinstance(value := options.get(key), str) and value}
    if options.get(PROFILE) and not asked.keys() - {"team", "opens"}:
        raise refusals.profile_alone(PROFILE)
    return asked


def _team(name: str | None, person: Person) -> Team:
    """Find the team among the person's own; whether there are others is not for them to know."""
    own = {team.name: team for team in person.teams}
    if not own:
        raise refusals.in_no_team()
    if name is None and len(own) > 1:
        raise refusals.which_team(own)
    if name is None:
        return person.teams[0]
    if name not in own:
        raise refusals.other_team(name, own)
    return own[name]


def _offer(
    kind: refusals.Kind, name: str | None, offers: Mapping[str, _AnOffer], groups: frozenset[str]
) -> _AnOffer:
    choices = [key for key, offer in offers.items() if offer.refusal(groups) is None]
    if name is None:
        raise refusals.which_offer(kind, choices)
    if name not in offers:
        raise refusals.no_offer(kind, name, choices)
    offer = offers[name]
    if not offer.open_to(groups):
        raise refusals.offer_of_others(kind, name, choices)
    if offer.disabled:
        raise refusals.offer_off(kind, name, offer.disabled, choices)
    return offer


def _opens(name: str, environment: Environment, wanted: str | None) -> str:
    """Choose the program that a session of an environment opens with. ``name`` is its name."""
    if wanted is None:
        return environment.opens_first
    if wanted not in environment.opens:
        raise refusals.not_opened(name, wanted, environment.opens)
    return wanted


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
            raise refusals.version_and_image()
        version, image = CUSTOM, _own_image(name, environment, asked["image"], today)
    else:
        version, image = _version(name, environment, asked.get("version"), today)
    digest = asked.get("digest", "")
    if digest and not any(run.image == image and run.digest == digest for run in past_runs):
        raise refusals.digest_never_ran(image, digest)
    if version == CUSTOM and pinned_only and not has_digest(image):
        raise refusals.image_not_pinned(image)
    return _Image(version, image, digest)


def _own_image(name: str, environment: Environment, image: str, today: date) -> str:
    pattern = environment.custom_image
    if pattern is None or not allows(pattern, image):
        raise refusals.image_not_taken(name, image, pattern, environment.usable(today))
    return image


def _version(
    name: str, environment: Environment, wanted: str | None, today: date
) -> tuple[str, str]:
    """Return the version, and its image."""
    choices = environment.usable(today)
    version = wanted or environment.default_version(today)
    if version not in environment.versions:
        raise refusals.no_version(name, version, choices)
    chosen = environment.versions[version]
    if chosen.disabled:
        raise refusals.version_off(name, version, chosen.disabled, choices)
    if since := chosen.refusal(today):
        raise refusals.version_retired(name, version, since, choices)
    return version, chosen.image
