"""Reads the catalogue from YAML; a mistake is named with file, line and key."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from gpucommons_spawner.catalogue import Catalogue
from gpucommons_spawner.part import MISTAKE

_WORDING = {
    "missing": "is missing; add it",
    "string_type": "must be text; put it in quotes",
    "string_pattern_mismatch": (
        "may hold only letters, digits, dots and hyphens, and begins with a lowercase letter "
        "or digit"
    ),
    "too_short": "must not be empty",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list",
    "union_tag_not_found": "needs the key mode: exclusive or mps",
    "union_tag_invalid": "has an unknown mode; write exclusive or mps",
}


class CatalogueError(Exception):
    """The catalogue cannot be used. The text is for the operator: one problem a line."""


def load_catalogue(path: Path) -> Catalogue:
    """Read and check a catalogue.

    Raises CatalogueError that names file, line and key of every mistake.
    """
    try:
        with path.open(encoding="utf-8") as file:
            tree = YAML(typ="rt").load(file)
    except OSError as error:
        raise CatalogueError(
            f"{path}: cannot be read: {error.strerror}; set GPUSpawner.catalogue_file"
        ) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = str(error.problem).partition(" with value ")[0]  # a duplicate key shows them all
        raise CatalogueError(f"{path}:{line}: not valid YAML: {what}") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(tree, CommentedMap):
        raise CatalogueError(f"{path}:1: must be a mapping with environments and sizes")
    try:
        return Catalogue.model_validate(_plain(tree))
    except ValidationError as error:
        lines = [_describe(path, tree, problem) for problem in error.errors()]
        raise CatalogueError("\n".join(lines)) from error


@cache
def shared_catalogue(path: Path) -> Catalogue:
    """Read a catalogue once and keep it for the life of the hub."""
    return load_catalogue(path)


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


def _describe(path: Path, tree: CommentedMap, problem: ErrorDetails) -> str:
    location = list(problem["loc"])
    if problem["type"] == MISTAKE:
        location.extend(problem["ctx"]["keys"])
    line, keys = _find(tree, location)
    wording = _wording(problem)
    if keys and keys[-1] == "[key]":  # the key of a mapping is wrong, not its value
        keys.pop()
        wording = _key_wording(problem)
    where = f"{path}:{line}: {'.'.join(keys)}" if keys else f"{path}:{line}"
    return f"{where}: {wording}"


def _wording(problem: ErrorDetails) -> str:
    own = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return _WORDING.get(problem["type"], own)


def _key_wording(problem: ErrorDetails) -> str:
    if not isinstance(problem["input"], str):
        return "this key is not text; put it in quotes"
    return f"this name {_wording(problem)}"


def _find(tree: CommentedMap, location: Sequence[object]) -> tuple[int, list[str]]:
    """Walk the tree along pydantic's location; answer the line and the keys on the way.

    Parts of the location that are not in the tree are the tag of a union, and
    skipped, or a missing key at the end, which is reported at its parent.
    """
    node: object = tree
    line = 1
    keys: list[str] = []
    for index, step in enumerate(location):
        last = index == len(location) - 1
        if isinstance(node, CommentedMap) and (found := _keys_like(node, step)):
            line = cast("int", node.lc.key(found[0])[0]) + 1
            node = node[found[0]]
        elif isinstance(node, CommentedSeq) and isinstance(step, int):
            line = cast("int", node.lc.item(step)[0]) + 1
            node = node[step]
        elif not last:
            continue
        keys.append(str(step))
    return line, keys


def _keys_like(node: CommentedMap, step: object) -> list[object]:
    """Find the key of a mapping that reads like this; numbers were not quoted."""
    return [key for key in node if str(key) == str(step)]
