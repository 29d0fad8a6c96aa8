"""What is wrong with the catalogue's file, and where: pydantic's findings in people's words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import cast

from pydantic_core import ErrorDetails
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from gpucommons_spawner.gpu_modes import MODES
from gpucommons_spawner.part import MISTAKE

_MODES = f"{', '.join(MODES[:-1])} or {MODES[-1]}"
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
    "union_tag_not_found": f"needs the key mode: {_MODES}",
    "union_tag_invalid": f"has an unknown mode; write {_MODES}",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. line and column count from 1; 0 means the file as a whole.

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


def described(tree: CommentedMap, found: ErrorDetails) -> Problem:
    """Say one finding of pydantic so that its author sees where and what to write."""
    location = list(found["loc"])
    if found["type"] == MISTAKE:
        location.extend(found["ctx"]["keys"])
    wording = _wording(found)
    if location and location[-1] == "[key]":  # the key of a mapping is wrong, not its value
        location.pop()
        wording = _key_wording(found)
    return problem_at(tree, location, wording)


def problem_at(
    tree: CommentedMap, location: Sequence[object], message: str, *, warning: bool = False
) -> Problem:
    """Name a problem at what these keys lead to.

    Keys that are not in the tree are the tag of a union, and skipped, or a missing key at the
    end, which is reported at its parent.
    """
    node: object = tree
    mark = (0, 0)
    keys: list[str] = []
    for index, step in enumerate(location):
        last = index == len(location) - 1
        if isinstance(node, CommentedMap) and (like := _keys_like(node, step)):
            mark = _mark(node, like[0]) or mark
            node = node[like[0]]
        elif isinstance(node, CommentedSeq) and isinstance(step, int):
            mark = cast("tuple[int, int]", node.lc.item(step))
            node = node[step]
        elif not last:
            continue
        keys.append(str(step))
    return Problem(message, mark[0] + 1, mark[1] + 1, ".".join(keys), warning)


def _mark(node: CommentedMap, key: object) -> tuple[int, int] | None:
    """Answer line and column of a key, from 0; None for one that YAML merged in with <<."""
    known = node.lc.data or {}
    return cast("tuple[int, int]", node.lc.key(key)) if key in known else None


def _keys_like(node: CommentedMap, step: object) -> list[object]:
    """Find the key of a mapping that reads like this; numbers were not quoted."""
    return [key for key in node if str(key) == str(step)]


def _wording(found: ErrorDetails) -> str:
    own = found["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return _WORDING.get(found["type"], own)


def _key_wording(found: ErrorDetails) -> str:
    if not isinstance(found["input"], str):
        return "this key is not text; put it in quotes"
    return f"this name {_wording(found)}"
