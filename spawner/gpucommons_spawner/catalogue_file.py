"""Reads the catalogue from YAML; a mistake is named with file, line and key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.problem import Problem, described, problem_at

_ENDLESS = Problem("not a catalogue: something in it is within itself, or too deep")
_RETIRES_SOON = timedelta(days=30)


class CatalogueError(Exception):
    """The catalogue cannot be used. The text is for the operator: one problem a line."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.text(path) for problem in problems))
        self.path = path
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class CheckedCatalogue:
    """A catalogue that can be used, and what its author may want to know all the same."""

    catalogue: Catalogue
    warnings: tuple[Problem, ...]


def load_catalogue(path: Path) -> Catalogue:
    """Read and check a catalogue.

    Raises CatalogueError that names file, line and key of every mistake.
    """
    catalogue, tree = _load(path)
    if catalogue.require_digests:
        _demand_digests(path, tree, catalogue)
    return catalogue


def checked_catalogue(path: Path, today: date, *, digests: bool = False) -> CheckedCatalogue:
    """Read a catalogue as its author wants to know of it, whether or not it is in use.

    ``digests`` demands that images are pinned, as ``require_digests: true`` does.
    Raises CatalogueError.
    """
    catalogue, tree = _load(path)
    if digests or catalogue.require_digests:
        _demand_digests(path, tree, catalogue)
    return CheckedCatalogue(catalogue, tuple(_retiring(tree, catalogue, today)))


def _load(path: Path) -> tuple[Catalogue, CommentedMap]:
    tree = _read(path)
    try:
        return Catalogue.model_validate(_plain(tree)), tree
    except RecursionError as error:
        raise CatalogueError(path, [_ENDLESS]) from error
    except ValidationError as error:
        found = [described(tree, each) for each in error.errors()]
        raise CatalogueError(path, found) from error


def _read(path: Path) -> CommentedMap:
    try:
        with path.open(encoding="utf-8") as file:
            tree = YAML(typ="rt").load(file)
    except OSError as error:
        why = f"cannot be read: {error.strerror}; set GPUSpawner.catalogue_file"
        raise CatalogueError(path, [Problem(why)]) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = str(error.problem).partition(" with value ")[0]  # a duplicate key shows them all
        found = Problem(f"not valid YAML: {what}", line, column)
        raise CatalogueError(path, [found]) from error
    except RecursionError as error:
        raise CatalogueError(path, [_ENDLESS]) from error
    except (YAMLError, ValueError) as error:
        raise CatalogueError(path, [Problem(f"not valid YAML: {error}")]) from error
    if not isinstance(tree, CommentedMap):
        found = Problem("must be a mapping with environments and sizes", 1, 1)
        raise CatalogueError(path, [found])
    return tree


def _demand_digests(path: Path, tree: CommentedMap, catalogue: Catalogue) -> None:
    advice = "is not pinned by digest; write name@sha256:…"
    found = [problem_at(tree, keys, advice) for keys in catalogue.without_digest()]
    if found:
        raise CatalogueError(path, found)


def _retiring(tree: CommentedMap, catalogue: Catalogue, today: date) -> Iterator[Problem]:
    for name, environment in catalogue.environments.items():
        for version, one in environment.versions.items():
            if one.retires is not None and one.retires < today + _RETIRES_SOON:
                retires = ("environments", name, "versions", version, "retires")
                when = "is past" if one.retires < today else "comes soon"
                yield problem_at(tree, retires, f"{when}: {one.retires}", warning=True)
        if not environment.usable(today) and not environment.disabled:
            versions = ("environments", name, "versions")
            yield problem_at(tree, versions, "none of them can be started", warning=True)


def _plain(node: object) -> object:
    """Turn the YAML tree into ordinary Python, without line numbers."""
    if isinstance(node, Mapping):
        return {_key(key): _plain(value) for key, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [_plain(item) for item in node]
    if isinstance(node, bool):
        return bool(node)
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)  # ruamel's own number classes remember how they were written
    return node


def _key(key: object) -> object:
    return str(key) if isinstance(key, str) else key
