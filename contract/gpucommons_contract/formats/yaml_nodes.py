"""What a node of YAML means: YAML 1.2, and no guess where YAML 1.1 reads something else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Keys = tuple[str, ...]
"""The way to a value: keys as text, and the numbers of items from 0."""
Place = tuple[int, int]
"""Line and column, from 1."""

_CORE = "tag:yaml.org,2002:"
_PLAIN = {_CORE + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge")}
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_WORD = re.compile(r"yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_SPACED = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?")
_BITS = re.compile(r"[-+]?0(b[01_]+|x[0-9a-fA-F_]+)")
_LONGEST_NUMBER = 100
"""Characters."""
_MOST_VALUES = 200_000
"""In one document, counting what its aliases refer to each time."""

_UNREADABLE = object()
"""In place of what has a flaw; it is never returned."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that cannot be read, and what to write. Line and column count from 1.

    0 means the file as a whole.
    """

    message: str
    line: int = 0
    column: int = 0

    def at(self, file: Path) -> str:
        """Write where it is: ``file:line:column``."""
        return f"{file}:{self.line}:{self.column}" if self.line else str(file)


class NodeReader:
    """Turns the nodes of one document into ordinary Python.

    places says where every key and item is, empty which of them have nothing after them;
    flaws is what could not be read.
    """

    def __init__(self) -> None:
        self.places: dict[Keys, Place] = {}
        self.empty: set[Keys] = set()
        self.flaws: list[Flaw] = []
        self._within: list[Node] = []
        self._read = 0

    def value(self, node: Node, keys: Keys = ()) -> object:
        """Read a node and all below it. Raises ValueError where aliases never end."""
        self.places.setdefault(keys, _place(node))
        self._read += 1
        if self._read > _MOST_VALUES:
            raise ValueError(f"there are more than {_MOST_VALUES:,} values; use fewer aliases")
        if isinstance(node, ScalarNode):
            if not node.value and node.style is None:
                self.empty.add(keys)
            return self._scalar(node)
        if any(node is each for each in self._within):
            return self._flawed(node, "this is within itself; write out what is meant")
        if node.tag not in {_CORE + "map", _CORE + "seq"}:
            return self._flawed(node, f"the tag {node.tag} is not known; leave it out")
        self._within.append(node)
        try:
            if isinstance(node, MappingNode):
                return self._mapping(node, keys)
            assert isinstance(node, SequenceNode)
            return [self.value(each, (*keys, str(at))) for at, each in enumerate(node.value)]
        finally:
            self._within.pop()

    def _mapping(self, node: MappingNode, keys: Keys) -> dict[object, object]:
        found: dict[object, object] = {}
        first: dict[str, Place] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is _UNREADABLE:
                self.value(value_node, (*keys, "?"))
                continue
            if (before := first.get(str(key))) is not None:
                where = f"which is in line {before[0]}, column {before[1]} already"
                self._flawed(key_node, f'not valid YAML: found duplicate key "{key}", {where}')
                continue
            first[str(key)] = _place(key_node)
            self.places.setdefault((*keys, str(key)), _place(key_node))
            if _is_merge(key_node):
                merged += self._to_merge(value_node)
            else:
                found[key] = self.value(value_node, (*keys, str(key)))
        for each in merged:
            inherited = self.value(each, keys)
            found |= {k: v for k, v in _items(inherited) if k not in found}
        return found

    def _to_merge(self, node: Node) -> list[Node]:
        listed = node.value if isinstance(node, SequenceNode) else [node]
        if all(isinstance(each, MappingNode) for each in listed):
            return list(listed)
        self._flawed(node, "<< takes a mapping, or a list of mappings")
        return []

    def _key(self, node: Node) -> object:
        if not isinstance(node, ScalarNode):
            return self._flawed(node, "a key must be text; put it in quotes")
        key = self._scalar(node)
        if key is None:
            return self._flawed(node, "a key is empty; write its name")
        return key

    def _scalar(self, node: ScalarNode) -> object:
        text: str = node.value
        quoted = node.style is not None
        if node.tag not in ({_CORE + "str"} if quoted else _PLAIN):
            return self._flawed(node, f"the tag {node.tag} is not known; leave it out")
        if quoted:
            return self._characters(node, text)
        if text in _NULL:
            return None
        if text in _TRUTH:
            return _TRUTH[text]
        if choices := " or ".join(dict.fromkeys(_other_readings(text))):
            advice = f'write {choices}, or "{text}" in quotes where text is meant'
            return self._flawed(node, f"{text} can be read in two ways; {advice}")
        return self._number(node, text)

    def _characters(self, node: ScalarNode, text: str) -> object:
        r"""Join halves of characters, as JSON writes them: ``"\ud83d\ude00"``."""
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            return self._flawed(node, "this contains half a character; write it whole")

    def _number(self, node: ScalarNode, text: str) -> object:
        """Read what may be a number; otherwise it is text."""
        for pattern, read in ((_INTEGER, _integer), (_FLOAT, _float)):
            if pattern.fullmatch(text):
                if len(text) > _LONGEST_NUMBER:
                    return self._flawed(node, "this is too long for a number; put it in quotes")
                return read(text)
        return text

    def _flawed(self, node: Node, message: str) -> object:
        self.flaws.append(Flaw(message, *_place(node)))
        return _UNREADABLE


def _other_readings(text: str) -> Iterator[str]:
    """List what programs take this for that follow other rules; nothing if all agree."""
    if _WORD.fullmatch(text):
        yield _WORDS[text.lower()]
    elif _LEADING_ZERO.fullmatch(text):
        yield str(int(text[-_LONGEST_NUMBER:]))
        if re.fullmatch(r"[-+]?[0-7]+", text):
            yield str(int(text[-_LONGEST_NUMBER:], 8))
    elif "_" in text and _SPACED.fullmatch(text):
        number = text.replace("_", "")
        yield number if "." in number else str(int(number[-_LONGEST_NUMBER:]))
    elif _BITS.fullmatch(text) and not _INTEGER.fullmatch(text):
        yield str(int(text.replace("_", "")[-_LONGEST_NUMBER:], 0))


def _integer(text: str) -> int:
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)


def _float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


def _is_merge(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.style is None and node.value == "<<"


def _items(value: object) -> list[tuple[object, object]]:
    return list(value.items()) if isinstance(value, dict) else []


def _place(node: Node) -> Place:
    return node.start_mark.line + 1, node.start_mark.column + 1
