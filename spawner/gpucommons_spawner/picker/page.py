"""The page on which people choose: what it shows, and what its form means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

import jinja2
from gpucommons_contract.words import spoken
from gpucommons_contract.words.pages import OPTIONS

from gpucommons_spawner.availability.state import PersonState
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.program import USUAL
from gpucommons_spawner.picker.choices import (
    EnvironmentChoice,
    SizeChoice,
    TeamChoice,
    data_choices,
    environment_choices,
    size_choices,
    team_choices,
)
from gpucommons_spawner.picker.deal import facts, idle_terms, idle_terms_of_teams
from gpucommons_spawner.picker.disk_words import DiskWords
from gpucommons_spawner.picker.offer import Resume, with_room
from gpucommons_spawner.picker.programs import ProgramChoice, program_choices
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.selection import CHOICES

TEMPLATES = Path(__file__).parent / "templates"
"""Templates for ``JupyterHub.template_paths``: ``spawn.html`` extends JupyterHub's own."""

STATIC = Path(__file__).parent / "static"

_VERSION_FIELD = "version."
_IMAGE_FIELD = "image."
"""Each environment has fields of its own for these, so that the page works without JavaScript."""

_LIVE = ("teams", "starts")
"""What the script needs of the state in addition to what the page shows."""

_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    **OPTIONS,
)


def options_of_form(fields: Mapping[str, list[object]]) -> dict[str, object]:
    """Turn form fields into options.

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
    offer: Resume | None = None,
    link_problems: Sequence[str] = (),
    ended: str = "",
    why_url: str = "",
    problem_url: str = "",
    catalogue_url: str = "",
    usual_program: str = USUAL,
    culled: bool = False,
    files: Mapping[str, DiskWords] = MappingProxyType({}),
) -> str:
    """Draw the form's fields. ``last`` is the choice to preselect, as far as it is still there.

    offer is the last session, to be started again.
    link_problems tell what of the link that led here cannot be had.
    ended tells why the last session was taken from the person, if it was, and why_url where
    more is said of that.
    problem_url is given to administrators while the catalogue's file has mistakes: where
    these are shown; catalogue_url always: where they see which file says what there is.
    usual_program is what a session opens with where nobody chooses.
    culled says whether the hub has an idle culler.
    files say by team how full the person's workspace was when it was last seen.
    """
    wanted = {key: str(last.get(key) or getattr(catalogue.defaults, key, "")) for key in CHOICES}
    environments = environment_choices(catalogue, person, wanted, today, usual_program)
    sizes = size_choices(catalogue, person, state, wanted, culled=culled)
    chosen = next((one for one in environments if one.selected), None)
    programs = program_choices(
        (one.opens for one in environments if not one.reason), chosen.opens_with if chosen else ""
    )
    teams = team_choices(person, wanted["team"], files)
    startable = any(one.selected for one in environments) and any(one.selected for one in sizes)
    return _pages.get_template("picker.html").render(
        teams=teams,
        environments=environments,
        sizes=sizes,
        state=state,
        startable=startable,
        live=spoken(
            {key: value for key, value in state.as_json().items() if key in _LIVE}
            | {"terms": _terms(catalogue, person) if culled else {}}
        ),
        programs=programs,
        start=_start(state, teams, environments, sizes, programs),
        resume=with_room(offer, state) if offer else None,
        link_problems=link_problems,
        ended=ended,
        why_url=why_url,
        data=data_choices(catalogue, person),
        catalogue_problem_url=problem_url,
        catalogue_url=catalogue_url,
        availability_url=availability_url,
        version_field=_VERSION_FIELD,
        image_field=_IMAGE_FIELD,
    )


@dataclass(frozen=True, slots=True)
class _Start:
    """What a press would start, as the page says it beside the button."""

    summary: str
    facts: str
    cost: str
    terms: str


def _start(
    state: PersonState,
    teams: Sequence[TeamChoice],
    environments: Sequence[EnvironmentChoice],
    sizes: Sequence[SizeChoice],
    programs: Sequence[ProgramChoice],
) -> _Start:
    """Describe what is selected; empty unless an environment and a size are."""
    for environment in environments:
        for size in sizes:
            if environment.selected and size.selected:
                software = environment.image or f"{environment.title} {environment.version}"
                opened = [one.title for one in programs if one.selected]
                team = [one.title for one in teams if one.selected and len(teams) > 1]
                took = state.starts.get(environment.name, {}).get(size.name, "")
                return _Start(
                    " · ".join((software, size.title, *opened, *team)),
                    facts(size.state.gpu, size.longest, took),
                    size.state.budget,
                    size.terms,
                )
    return _Start("", "", "", "")


def _terms(catalogue: Catalogue, person: Person) -> Mapping[str, object]:
    """Return what each size comes with, and in which of several teams it is otherwise."""
    own = person.teams[0].name if len(person.teams) == 1 else ""
    return {"": idle_terms(catalogue, own), **idle_terms_of_teams(catalogue, person.teams)}
