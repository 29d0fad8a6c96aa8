"""What is wrong with the catalogue's file, and where, in people's words: what pydantic finds, and
names that nobody can have.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from gpucommons_contract import is_team_name, is_user_name
from gpucommons_contract.yaml_files import Document
from pydantic_core import ErrorDetails

from gpucommons_spawner.catalogue.base import CATALOGUE_ERROR
from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.gpu_modes import MODES

_MODES = f"{', '.join(MODES[:-1])} or {MODES[-1]}"
_WORDING = {
    "missing": "is missing; add it",
    "string_type": "must be text; put it in quotes",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "model_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "tuple_type": "must be a list; write it in brackets: [one, another]",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller whole number",
    "int_from_float": "must be a whole number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "finite_number": "must be a number; leave it out where there is no limit",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "union_tag_not_found": f"needs the key mode: {_MODES}",
    "union_tag_invalid": f"has an unknown mode; write {_MODES}",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct. line and column count from 1; 0 means the file as a whole.

    A warning does not keep the catalogue from being used.
    """

    message: str
    line: int = 0
    column: int = 0
    key: str = ""
    """Keys on the way to it, joined by dots."""
    warning: bool = False

    def text(self, file: object) -> str:
        """Write as one line, as compilers do."""
        where = f"{file}:{self.line}" if self.line else f"{file}"
        what = f"{self.key}: {self.message}" if self.key else self.message
        return f"{where}: {'warning: ' if self.warning else ''}{what}"

    def as_json(self) -> dict[str, object]:
        """Turn into what programs read."""
        return asdict(self)


def described(tree: Document, found: ErrorDetails) -> Problem:
    """Say one finding of pydantic so that its author sees where and what to write."""
    location = list(found["loc"])
    if found["type"] == CATALOGUE_ERROR:
        location.extend(found["ctx"]["keys"])
    wording = _wording(found)
    if location and location[-1] == "[key]":  # the key of a mapping is wrong, not its value
        location.pop()
        wording = _key_wording(found)
    return problem_at(tree, location, wording)


def problem_at(
    tree: Document, location: Sequence[object], message: str, *, warning: bool = False
) -> Problem:
    """Name a problem at what these keys lead to.

    Keys that are not in the tree are the tag of a union, and skipped, or a missing key at the
    end, which is reported at its parent.
    """
    known, (line, column) = tree.find(location)
    keys = list(known)
    if location and len(tree.find(location[:-1])[0]) == len(known):  # the last one is not there
        keys.append(str(location[-1]))
    return Problem(message, line, column, ".".join(keys), warning)


def _wording(found: ErrorDetails) -> str:
    if found["type"] == "string_too_long":
        return f"is too long; at most {found['ctx']['max_length']} characters are allowed"
    own = found["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return _WORDING.get(found["type"], own)


def _key_wording(found: ErrorDetails) -> str:
    if not isinstance(found["input"], str):
        return "this key is not text; put it in quotes"
    return f"this name {_wording(found)}"


Keys = tuple[str | int, ...]
_LONGEST_GROUP = 255
"""Characters; the width of JupyterHub's database column."""


def names_of_nobody(catalogue: Catalogue) -> Iterator[tuple[Keys, str]]:
    """List the keys of what counts for nobody because of its name, each with advice."""
    for keys, name in _users(catalogue):
        if not is_user_name(name):
            meant = name.strip().lower()
            hint = meant if is_user_name(meant) else ""
            yield keys, f"nobody can be called {name!r}; {_advice(hint, _USER)}"
    for keys, name in _teams(catalogue):
        if not is_team_name(name):
            yield keys, f"no team can be called {name!r}; {_advice(_team_meant(name), _TEAM)}"
    for keys, name in _groups(catalogue):
        if not 0 < len(name) <= _LONGEST_GROUP or not name.isprintable():
            yield keys, f"no group can be called {name!r}; write its name"
        elif not is_team_name(name) and (meant := _team_meant(name)):
            rule = "no team has this name, and a group's name must match exactly"
            yield keys, f"{rule}; did you mean {meant}?"


_USER = "a user name is in lower case, such as ada@example.org"
_TEAM = "a team's name begins with a letter, and contains a to z, digits and hyphens"


def _advice(meant: str, rule: str) -> str:
    return f"did you mean {meant}?" if meant else rule


def _team_meant(name: str) -> str:
    """Guess the team that somebody meant; empty if it could be none."""
    meant = "-".join(name.lower().replace("_", " ").split())
    return meant if is_team_name(meant) else ""


def _users(catalogue: Catalogue) -> Iterator[tuple[Keys, str]]:
    yield from _keys_of(("quotas", "users"), catalogue.quotas.users)


def _teams(catalogue: Catalogue) -> Iterator[tuple[Keys, str]]:
    yield from _keys_of(("quotas", "teams"), catalogue.quotas.teams)
    yield from _keys_of(("priorities", "teams"), catalogue.priorities.teams)
    yield from _keys_of(("idle", "teams"), catalogue.idle.teams)
    for number, schedule in enumerate(catalogue.idle.schedules):
        yield from _items_of(("idle", "schedules", number, "teams"), schedule.teams)
    for name, data in catalogue.data.items():
        yield from _items_of(("data", name, "teams"), data.teams)


def _groups(catalogue: Catalogue) -> Iterator[tuple[Keys, str]]:
    yield from _keys_of(("quotas", "groups"), catalogue.quotas.groups)
    for name, environment in catalogue.environments.items():
        yield from _items_of(("environments", name, "access"), environment.access)
    for name, size in catalogue.sizes.items():
        yield from _items_of(("sizes", name, "access"), size.access)


def _keys_of(keys: Keys, names: Iterable[str]) -> Iterator[tuple[Keys, str]]:
    yield from (((*keys, name), name) for name in names)


def _items_of(keys: Keys, names: Iterable[str] | None) -> Iterator[tuple[Keys, str]]:
    yield from (((*keys, at), name) for at, name in enumerate(names or ()))
