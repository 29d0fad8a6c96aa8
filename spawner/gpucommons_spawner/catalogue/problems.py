"""What is wrong with the catalogue's file, and where, in people's words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from gpucommons_contract.formats.yaml_files import Document
from pydantic_core import ErrorDetails

from gpucommons_spawner.catalogue.base import CATALOGUE_ERROR
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
