"""The page on which people choose: what it shows, and what its form means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import jinja2

from gpucommons_spawner.availability import PersonState, SizeState
from gpucommons_spawner.catalogue import Catalogue, Environment, Size, allows, data_folder
from gpucommons_spawner.gpu_modes import MIG, OfProduct
from gpucommons_spawner.quantity import amount, plainly
from gpucommons_spawner.selection import CHOICES, Person, only_in
from gpucommons_spawner.shortage import shown

TEMPLATES = Path(__file__).parent / "templates"
"""Templates for ``JupyterHub.template_paths``: ``spawn.html`` extends JupyterHub's own."""

STATIC = Path(__file__).parent / "static"

_VERSION_FIELD = "version."
_IMAGE_FIELD = "image."
"""Each environment has fields of its own for these, so that the page works without JavaScript."""

_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


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
    reason: str | None
    selected: bool
    custom_image: str | None
    """The pattern of images that people may name; None where they may not."""
    image: str
    """The image that was named last."""
    retiring: str
    """A sentence about the version that is selected, if its last day is known."""
    note: str
    """For somebody in several teams: in which it is to be had, if not in all."""


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


def options_of_form(fields: Mapping[str, list[object]]) -> dict[str, object]:
    """Turn form fields, or the parameters of a link, into options.

    Only the version and image fields of the chosen environment count; an image
    that was written there counts before the version. Whatever else was sent is
    kept, so that ``resolve`` can refuse it by name.
    """
    options: dict[str, object] = {
        key: values[0] if len(values) == 1 else values
        for key, values in fields.items()
        if not key.startswith((_VERSION_FIELD, _IMAGE_FIELD))
    }
    for field, option in ((_IMAGE_FIELD, "image"), (_VERSION_FIELD, "version")):
        chosen = fields.get(f"{field}{options.get('environment')}")
        if chosen and chosen != [""] and not {"image", "version"} & options.keys():
            options[option] = chosen[0] if len(chosen) == 1 else chosen
    return options


def render(
    catalogue: Catalogue,
    person: Person,
    state: PersonState,
    last: Mapping[str, object],
    *,
    availability_url: str,
    today: date,
    ended: str = "",
    problem_url: str = "",
) -> str:
    """Draw the form's fields. ``last`` is the choice to preselect, as far as it is still there.

    ended tells why the last session was taken from the person, if it was.
    problem_url is given to administrators while the catalogue's file has mistakes: where
    these are shown.
    """
    wanted = {key: str(last.get(key) or getattr(catalogue.defaults, key, "")) for key in CHOICES}
    environments = _environments(catalogue, person, wanted, today)
    sizes = _sizes(catalogue, state, wanted["size"])
    startable = any(one.selected for one in environments) and any(one.selected for one in sizes)
    return _pages.get_template("picker.html").render(
        teams=_teams(person, wanted["team"]),
        environments=environments,
        sizes=sizes,
        state=state,
        startable=startable,
        ended=ended,
        data=_data(catalogue, person),
        catalogue_problem_url=problem_url,
        availability_url=availability_url,
        version_field=_VERSION_FIELD,
        image_field=_IMAGE_FIELD,
    )


def _teams(person: Person, wanted: str) -> list[TeamChoice]:
    """Preselect the last team only: a guess would charge a session to the wrong one."""
    return [
        TeamChoice(name=team.name, title=team.display_name, selected=team.name == wanted)
        for team in person.teams
    ]


def _environments(
    catalogue: Catalogue, person: Person, wanted: Mapping[str, str], today: date
) -> list[EnvironmentChoice]:
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


def _data(catalogue: Catalogue, person: Person) -> list[DataChoice]:
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


def _sizes(catalogue: Catalogue, state: PersonState, wanted: str) -> list[SizeChoice]:
    selected = _first_usable(wanted, {size.name: size.reason for size in state.sizes})
    return [
        SizeChoice(
            name=size.name,
            title=catalogue.sizes[size.name].display_name,
            description=catalogue.sizes[size.name].description,
            summary=_summary(catalogue.sizes[size.name]),
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
        return "None of its versions can be started any more."
    return None


def _summary(size: Size) -> str:
    gibibytes = amount(size.memory) / 2**30
    parts = [f"{plainly(amount(size.cpu))} CPU", f"{gibibytes:.3g} GiB"]
    gpu = size.gpu
    if isinstance(gpu, MIG):
        parts.append(f"{shown(size.units)} GPU · MIG {gpu.profile}")
    elif gpu:
        product = f" {gpu.product}" if isinstance(gpu, OfProduct) and gpu.product else ""
        parts.append(f"{shown(size.units)}{product} GPU")
    return " · ".join(parts)
