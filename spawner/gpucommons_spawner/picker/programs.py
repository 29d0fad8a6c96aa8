"""What a session can be opened with: the choice on the page, and links of one that runs. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gpucommons_contract.words import phrase

from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.environment import Environment
from gpucommons_spawner.catalogue.program import PROGRAMS, USUAL


@dataclass(frozen=True, slots=True)
class ProgramChoice:
    """A program that some environment opens with."""

    name: str
    title: str
    selected: bool


@dataclass(frozen=True, slots=True)
class ProgramLink:
    """A program of a session that runs."""

    name: str
    title: str
    path: str
    """Where it is, below the session's address; empty for what the session leads to itself."""


def program_choices(offered: Iterable[Sequence[str]], selected: str) -> list[ProgramChoice]:
    """List the programs of all environments, if there is anything to choose.

    offered: the names of the programs of each environment that can be had.
    """
    names = set().union(*offered)
    if len(names) < 2:
        return []
    return [
        ProgramChoice(name, program.title, name == selected)
        for name, program in PROGRAMS.items()
        if name in names
    ]


def opens_usually(environment: Environment, usual: str) -> str:
    """Name what a session opens with where nobody chooses; empty for an address of the operator's.

    usual: the program of the hub's ``default_url``; empty for none of ours.
    """
    return environment.opens_first or (usual if usual in environment.opens else "")


def program_links(
    options: Mapping[str, str], catalogue: Catalogue, usual: str
) -> tuple[ProgramLink, ...]:
    """List what a session can be opened with; what it was started for comes first.

    Of an image that the person named it is not known what it has, beyond what they chose.
    """
    environment = catalogue.environments.get(options.get("environment", ""))
    chosen = options.get("opens") or usual
    known = environment.opens if environment and "image" not in options else (USUAL,)
    names: list[str] = list(known)
    if chosen in PROGRAMS:
        names = [chosen, *(name for name in names if name != chosen)]
    own = () if chosen in PROGRAMS else (ProgramLink("session", phrase("the session"), ""),)
    return own + tuple(
        ProgramLink(name, PROGRAMS[name].title, "" if name == chosen else PROGRAMS[name].path)
        for name in names
    )
