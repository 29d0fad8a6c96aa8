"""Reads the catalogue from YAML; a mistake is named with file, line and key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from gpucommons_contract.formats.yaml_files import Document, YAMLFileError, read_document
from pydantic import ValidationError

from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.problems import Problem, described, problem_at

_OPEN = "is empty; name who may, or leave the key out for everybody"
_RETIRES_SOON = timedelta(days=30)


class CatalogueError(Exception):
    """The catalogue cannot be used. The text is for the operator: one problem a line."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.text(path) for problem in problems))
        self.path = path
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class CheckedCatalogue:
    """A catalogue that can be used, and what its author may still want to know."""

    catalogue: Catalogue
    warnings: tuple[Problem, ...]


def load_catalogue(path: Path) -> Catalogue:
    """Read and check a catalogue.

    Raises CatalogueError that names file, line and key of every mistake.
    """
    return _load(path, digests=False, advice="; set GPUSpawner.catalogue_file")[0]


def checked_catalogue(path: Path, today: date, *, digests: bool = False) -> CheckedCatalogue:
    """Read a catalogue as its author wants to know of it, whether or not it is in use.

    ``digests`` demands that images are pinned, as ``require_digests: true`` does.
    Raises CatalogueError.
    """
    catalogue, tree = _load(path, digests=digests)
    nobody = [problem_at(tree, *each, warning=True) for each in catalogue.names_of_nobody()]
    return CheckedCatalogue(catalogue, (*_retiring(tree, catalogue, today), *nobody))


def catalogue_to_pin(path: Path) -> tuple[Catalogue, Document]:
    """Read a catalogue whose images are about to be pinned, and where its keys are.

    Images without digests are not a mistake, even with ``require_digests: true``.
    Raises CatalogueError.
    """
    return _valid(path)


def _load(path: Path, *, digests: bool, advice: str = "") -> tuple[Catalogue, Document]:
    catalogue, tree = _valid(path, advice)
    if digests or catalogue.require_digests:
        _demand_digests(path, tree, catalogue)
    return catalogue, tree


def _valid(path: Path, advice: str = "") -> tuple[Catalogue, Document]:
    tree = _read(path, advice)
    try:
        catalogue = Catalogue.model_validate(tree.value)
    except ValidationError as error:
        found = [described(tree, each) for each in error.errors()]
        raise CatalogueError(path, found) from error
    return catalogue, tree


def _read(path: Path, advice: str) -> Document:
    try:
        tree = read_document(path)
    except OSError as error:
        why = f"cannot be read: {error.strerror}{advice}"
        raise CatalogueError(path, [Problem(why)]) from error
    except YAMLFileError as error:
        found = [Problem(flaw.message, flaw.line, flaw.column) for flaw in error.flaws]
        raise CatalogueError(path, found) from error
    if not isinstance(tree.value, dict):
        wrong = Problem("must be a mapping with environments and sizes", 1, 1)
        raise CatalogueError(path, [wrong])
    if opened := [problem_at(tree, keys, _OPEN) for keys in sorted(tree.empty) if _closes(keys)]:
        raise CatalogueError(path, opened)
    return tree


def _closes(keys: tuple[str, ...]) -> bool:
    """Whether it is a key that lets some in, and without names everybody."""
    return keys[-1:] == ("access",) or (keys[:1] == ("data",) and keys[-1] == "teams")


def _demand_digests(path: Path, tree: Document, catalogue: Catalogue) -> None:
    advice = "is not pinned by digest; write name@sha256:…, as gpucommons catalogue pin does"
    found = [problem_at(tree, keys, advice) for keys in catalogue.without_digest()]
    if found:
        raise CatalogueError(path, found)


def _retiring(tree: Document, catalogue: Catalogue, today: date) -> Iterator[Problem]:
    for name, environment in catalogue.environments.items():
        for version, one in environment.versions.items():
            if one.retires is not None and one.retires < today + _RETIRES_SOON:
                retires = ("environments", name, "versions", version, "retires")
                when = "is past" if one.retires < today else "comes soon"
                yield problem_at(tree, retires, f"{when}: {one.retires}", warning=True)
        if not environment.usable(today) and not environment.disabled:
            versions = ("environments", name, "versions")
            yield problem_at(tree, versions, "none of them can be started", warning=True)
