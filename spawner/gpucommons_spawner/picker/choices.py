"""What there is to choose on the page, with what is said about each. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from gpucommons_contract.formats.wording import joined
from gpucommons_contract.words import phrase, sentences

from gpucommons_spawner.availability.state import PersonState, SizeState
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.data import data_folder
from gpucommons_spawner.catalogue.environment import Environment
from gpucommons_spawner.catalogue.image import allows
from gpucommons_spawner.catalogue.offer import Offer
from gpucommons_spawner.picker.deal import idle_terms
from gpucommons_spawner.picker.disk_words import DiskWords
from gpucommons_spawner.picker.programs import opens_usually
from gpucommons_spawner.picker.size_words import fits, longest, summary
from gpucommons_spawner.selection.person import Person, only_in


@dataclass(frozen=True, slots=True)
class TeamChoice:
    """One team of the person."""

    name: str
    title: str
    selected: bool
    files: DiskWords | None = None
    """How full the person's workspace was when it was last seen; None if it was not."""


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """One line of an environment's version list. ``retires`` is its last day."""

    name: str
    reason: str | None
    retires: date | None
    selected: bool


@dataclass(frozen=True, slots=True)
class EnvironmentChoice:
    """One environment as the page shows it. ``reason`` says why it is off."""

    name: str
    title: str
    description: str
    versions: tuple[VersionChoice, ...]
    default: str
    """The version of somebody who names none."""
    reason: str | None
    selected: bool
    custom_image: str | None
    """The pattern of images that people may name; None where they may not."""
    image: str
    """The image that was named last."""
    retiring: str
    """A sentence about the version that is selected, if its last day is known."""
    note: str
    """For somebody in several teams: in which it is available, if not in all."""
    opens: tuple[str, ...]
    """Names of the programs that it opens with."""
    opens_with: str
    """The program that is preselected; empty for what the hub's ``default_url`` says."""
    advice: str
    """What an administrator can do where it is off."""

    @property
    def version(self) -> str:
        """The version that is selected."""
        return next((each.name for each in self.versions if each.selected), "")


@dataclass(frozen=True, slots=True)
class DataChoice:
    """Data that sessions see. ``teams`` says in which, for somebody in several."""

    title: str
    description: str
    folder: str
    teams: str


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """One size as the page shows it."""

    name: str
    title: str
    description: str
    summary: str
    state: SizeState
    selected: bool
    closed: str
    """Why the person cannot have it, whatever is free; empty if they can."""
    advice: str
    """What an administrator can do where it is off."""
    longest: str
    """How long a session may last; empty if without limit."""
    terms: str
    """What happens to an unused session; empty where nothing does."""


def team_choices(person: Person, wanted: str, files: Mapping[str, DiskWords]) -> list[TeamChoice]:
    """Preselect the last team only: a guess would charge a session to the wrong one."""
    return [
        TeamChoice(team.name, team.display_name, team.name == wanted, files.get(team.name))
        for team in person.teams
    ]


def environment_choices(
    catalogue: Catalogue,
    person: Person,
    wanted: Mapping[str, str],
    today: date,
    usual_program: str,
) -> list[EnvironmentChoice]:
    """List the environments; the wanted one is selected, or else the first that can be.

    usual_program: the one of the hub's ``default_url``; empty for none of ours.
    """
    offers = catalogue.environments
    reasons = {name: _reason(offer, person, today) for name, offer in offers.items()}
    selected = _first_usable(wanted["environment"], reasons)
    choices = []
    for name, offer in offers.items():
        last = wanted if name == selected else {}
        versions = _versions(offer, last.get("version", ""), today)
        choices.append(
            EnvironmentChoice(
                name=name,
                title=offer.display_name,
                description=offer.description,
                versions=versions,
                default=offer.default_version(today),
                reason=reasons[name],
                selected=name == selected,
                custom_image=offer.custom_image,
                image=_last_image(offer, last.get("image", "")),
                retiring=_retiring(versions),
                note=only_in(
                    [team for team in person.teams if offer.open_to(person.groups_in(team))],
                    person,
                ),
                opens=offer.opens,
                opens_with=wanted["opens"]
                if wanted["opens"] in offer.opens
                else opens_usually(offer, usual_program),
                advice=offer.advice or "",
            )
        )
    return choices


def _last_image(environment: Environment, image: str) -> str:
    pattern = environment.custom_image
    return image if pattern is not None and allows(pattern, image) else ""


def _versions(environment: Environment, wanted: str, today: date) -> tuple[VersionChoice, ...]:
    usable = environment.usable(today)
    selected = wanted if wanted in usable else environment.default_version(today)
    return tuple(
        VersionChoice(
            name=name,
            reason=version.refusal(today),
            retires=version.retires,
            selected=name == selected,
        )
        for name, version in environment.versions.items()
    )


def _retiring(versions: Iterable[VersionChoice]) -> str:
    """Warn of the version that is preselected, and name those to use instead."""
    for each in versions:
        if each.selected and each.retires and not each.reason:
            later = [
                one.name
                for one in versions
                if not one.reason and (one.retires is None or one.retires > each.retires)
            ]
            return sentences(
                phrase(
                    "%(version)s can be started until %(day)s.",
                    version=each.name,
                    day=each.retires,
                ),
                phrase("Use %(versions)s instead.", versions=joined(later, "or")) if later else "",
            )
    return ""


def data_choices(catalogue: Catalogue, person: Person) -> list[DataChoice]:
    """List the data that sessions in one of the person's teams see."""
    choices = []
    for name, data in catalogue.data.items():
        teams = [team for team in person.teams if data.open_to(team.name)]
        if teams:
            choices.append(
                DataChoice(
                    title=data.display_name,
                    description=data.description,
                    folder=data_folder(name),
                    teams=only_in(teams, person),
                )
            )
    return choices


def size_choices(
    catalogue: Catalogue,
    person: Person,
    state: PersonState,
    wanted: Mapping[str, str],
    *,
    culled: bool,
) -> list[SizeChoice]:
    """List the sizes; the wanted one is selected, or else the first that is available.

    culled: whether the hub has an idle culler.
    """
    selected = _first_usable(wanted["size"], {size.name: size.reason for size in state.sizes})
    names = [one.name for one in person.teams]
    team = names[0] if len(names) == 1 else next((n for n in names if n == wanted["team"]), "")
    terms = idle_terms(catalogue, team) if culled else {}
    choices = []
    for each in state.sizes:
        size = catalogue.sizes[each.name]
        choices.append(
            SizeChoice(
                name=each.name,
                title=size.display_name,
                description=fits(size),
                summary=summary(size),
                state=each,
                selected=each.name == selected,
                closed=_closed(size, person) or "",
                advice=size.advice or "",
                longest=longest(size),
                terms=terms.get(each.name, ""),
            )
        )
    return choices


def _first_usable(wanted: str, reasons: Mapping[str, str | None]) -> str | None:
    order: Iterable[str] = [wanted, *reasons] if wanted in reasons else reasons
    return next((name for name in order if reasons[name] is None), None)


def _reason(environment: Environment, person: Person, today: date) -> str | None:
    """Say why an environment cannot be had in any of the person's teams."""
    if closed := _closed(environment, person):
        return closed
    if not environment.usable(today) and environment.custom_image is None:
        why = dict.fromkeys(each.refusal(today) or "" for each in environment.versions.values())
        return sentences(phrase("None of its versions can be started."), *why)
    return None


def _closed(offer: Offer, person: Person) -> str | None:
    """Say why the catalogue lets the person have an offer in none of their teams."""
    reasons = [offer.refusal(person.groups_in(team)) for team in person.teams or (None,)]
    return None if None in reasons else reasons[0]
