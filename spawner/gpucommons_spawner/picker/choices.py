"""What there is to choose on the page, with what is said about each. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from gpucommons_contract import amount
from gpucommons_contract.wording import span

from gpucommons_spawner.availability.state import PersonState, SizeState
from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.data import data_folder
from gpucommons_spawner.catalogue.environment import Environment
from gpucommons_spawner.catalogue.gpu_modes.dra import DRA
from gpucommons_spawner.catalogue.gpu_modes.hami import HAMi
from gpucommons_spawner.catalogue.gpu_modes.nvidia import MIG, MPS, OfProduct, TimeSlice
from gpucommons_spawner.catalogue.image import allows
from gpucommons_spawner.catalogue.size import Size
from gpucommons_spawner.quota.shortage import shown
from gpucommons_spawner.selection.person import Person, only_in


@dataclass(frozen=True, slots=True)
class TeamChoice:
    """One team of the person."""

    name: str
    title: str
    selected: bool


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


def team_choices(person: Person, wanted: str) -> list[TeamChoice]:
    """Preselect the last team only: a guess would charge a session to the wrong one."""
    return [
        TeamChoice(name=team.name, title=team.display_name, selected=team.name == wanted)
        for team in person.teams
    ]


def environment_choices(
    catalogue: Catalogue, person: Person, wanted: Mapping[str, str], today: date
) -> list[EnvironmentChoice]:
    """List the environments; the wanted one is selected, or else the first that can be."""
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
            instead = f" Use {' or '.join(later)} instead." if later else ""
            return f"{each.name} can be started until {each.retires}.{instead}"
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


def size_choices(catalogue: Catalogue, state: PersonState, wanted: str) -> list[SizeChoice]:
    """List the sizes; the wanted one is selected, or else the first that is available."""
    selected = _first_usable(wanted, {size.name: size.reason for size in state.sizes})
    return [
        SizeChoice(
            name=size.name,
            title=catalogue.sizes[size.name].display_name,
            description=fits(catalogue.sizes[size.name]),
            summary=summary(catalogue.sizes[size.name]),
            state=size,
            selected=size.name == selected,
        )
        for size in state.sizes
    ]


def _first_usable(wanted: str, reasons: Mapping[str, str | None]) -> str | None:
    order: Iterable[str] = [wanted, *reasons] if wanted in reasons else reasons
    return next((name for name in order if reasons[name] is None), None)


def _reason(environment: Environment, person: Person, today: date) -> str | None:
    """Say why an environment cannot be had in any of the person's teams."""
    reasons = [environment.refusal(person.groups_in(team)) for team in person.teams or (None,)]
    if None not in reasons:
        return reasons[0]
    if not environment.usable(today) and environment.custom_image is None:
        return "None of its versions can be started."
    return None


def summary(size: Size) -> str:
    """Name the CPUs, the memory, the GPU and the maximum duration."""
    gibibytes = amount(size.memory) / 2**30
    parts = [f"{plainly(amount(size.cpu))} CPU", f"{gibibytes:.3g} GiB"]
    gpu = size.gpu
    if isinstance(gpu, MIG):
        parts.append(f"{shown(size.units)} GPU · MIG {gpu.profile}")
    elif gpu:
        product = f" {gpu.product}" if isinstance(gpu, OfProduct) and gpu.product else ""
        parts.append(f"{shown(size.units)}{product} GPU")
    if size.max_duration:
        parts.append(f"{span(size.max_duration.total_seconds())} at most")
    return " · ".join(parts)


def fits(size: Size) -> str:
    """Say what a size is for: the catalogue's own words, or else what its GPU mode means."""
    return size.description or _of_mode(size)


def _of_mode(size: Size) -> str:
    match size.gpu:
        case None:
            words = "For work without a GPU"
        case MPS(shares=shares):
            words = f"A fixed share of a GPU, which up to {shares} sessions use at once"
        case TimeSlice(shares=shares):
            words = f"A GPU in turns, among up to {shares} sessions; its memory is not divided"
        case MIG():
            words = "A part of a GPU that nobody else can slow down"
        case HAMi(memory=memory):
            words = f"A piece of a GPU with {memory} of its memory"
        case DRA():
            words = "A GPU that the cluster hands out for each session"
        case gpu:
            what = "GPUs" if gpu.units > 1 else "A GPU"
            words = f"{what} that nobody else uses meanwhile"
    return words
