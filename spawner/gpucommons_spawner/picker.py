"""The page on which people choose: what it shows, and what its form means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2

from gpucommons_spawner.availability import PersonState, SizeState
from gpucommons_spawner.catalogue import Catalogue, Environment, Offer, Size
from gpucommons_spawner.quantity import amount, plainly
from gpucommons_spawner.selection import CHOICES, Person

TEMPLATES = Path(__file__).parent / "templates"
"""Templates for ``JupyterHub.template_paths``: ``spawn.html`` extends JupyterHub's own."""

STATIC = Path(__file__).parent / "static"

_VERSION_FIELD = "version."
"""Each environment has its own version field, so that the page works without JavaScript."""

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
    """One line of an environment's version list."""

    name: str
    reason: str | None
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

    Only the version field of the chosen environment counts. Whatever else
    was sent is kept, so that ``resolve`` can refuse it by name.
    """
    options: dict[str, object] = {
        key: values[0] if len(values) == 1 else values
        for key, values in fields.items()
        if not key.startswith(_VERSION_FIELD)
    }
    chosen = fields.get(f"{_VERSION_FIELD}{options.get('environment')}")
    if chosen and "version" not in options:
        options["version"] = chosen[0] if len(chosen) == 1 else chosen
    return options


def render(
    catalogue: Catalogue,
    person: Person,
    state: PersonState,
    last: Mapping[str, object],
    availability_url: str,
) -> str:
    """Draw the form's fields. ``last`` is the choice to preselect, as far as it is still there."""
    wanted = {key: str(last.get(key) or getattr(catalogue.defaults, key, "")) for key in CHOICES}
    environments = _environments(catalogue, person, wanted)
    sizes = _sizes(catalogue, state, wanted["size"])
    startable = any(one.selected for one in environments) and any(one.selected for one in sizes)
    return _pages.get_template("picker.html").render(
        teams=_teams(person, wanted["team"]),
        environments=environments,
        sizes=sizes,
        state=state,
        startable=startable,
        availability_url=availability_url,
        version_field=_VERSION_FIELD,
    )


def _teams(person: Person, wanted: str) -> list[TeamChoice]:
    """Preselect the last team only: a guess would charge a session to the wrong one."""
    return [
        TeamChoice(name=team.name, title=team.display_name, selected=team.name == wanted)
        for team in person.teams
    ]


def _environments(
    catalogue: Catalogue, person: Person, wanted: Mapping[str, str]
) -> list[EnvironmentChoice]:
    offers = catalogue.environments
    reasons = {name: _reason(offer, person) for name, offer in offers.items()}
    selected = _first_usable(wanted["environment"], reasons)
    return [
        EnvironmentChoice(
            name=name,
            title=offer.display_name,
            description=offer.description,
            versions=_versions(offer, wanted["version"] if name == selected else ""),
            reason=reasons[name],
            selected=name == selected,
        )
        for name, offer in offers.items()
    ]


def _versions(environment: Environment, wanted: str) -> tuple[VersionChoice, ...]:
    reasons = {name: version.disabled for name, version in environment.versions.items()}
    usable = wanted in reasons and not reasons[wanted]
    selected = wanted if usable else environment.default_version
    return tuple(
        VersionChoice(name=name, reason=reason, selected=name == selected)
        for name, reason in reasons.items()
    )


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


def _reason(offer: Offer, person: Person) -> str | None:
    if offer.disabled:
        return offer.disabled
    if not offer.open_to(person.groups):
        return f"For members of {', '.join(offer.access or ())}. Ask an administrator for access."
    return None


def _summary(size: Size) -> str:
    gibibytes = amount(size.memory) / 2**30
    parts = [f"{plainly(amount(size.cpu))} CPU", f"{gibibytes:.3g} GiB"]
    if size.gpu:
        product = f" {size.gpu.product}" if size.gpu.product else ""
        parts.append(f"{plainly(size.units)}{product} GPU")
    return " · ".join(parts)
