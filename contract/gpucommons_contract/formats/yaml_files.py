"""YAML as people write it for us: catalogue, teams, people, an installation's values.

Read as YAML 1.2. What programs that follow YAML 1.1 would read as something else, such
as ``no`` or ``010``, is refused, with what to write instead; times such as ``20:00`` and days
such as ``2027-01-31`` are text. Sessions read no YAML: this needs ruamel.yaml, which they lack,
so it is imported by its own name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node
from ruamel.yaml.reader import ReaderError

from gpucommons_contract.formats.yaml_nodes import Flaw, Keys, NodeReader, Place

__all__ = [
    "Document",
    "Flaw",
    "YAMLFileError",
    "parse_documents",
    "read_document",
    "read_documents",
]

_DEEPEST = 100
"""Levels of nesting."""


class YAMLFileError(Exception):
    """A file cannot be read as YAML. The text is for its author: one flaw a line."""

    def __init__(self, file: Path, flaws: Sequence[Flaw]) -> None:
        super().__init__("\n".join(f"{each.at(file)}: {each.message}" for each in flaws))
        self.file = file
        self.flaws = tuple(flaws)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: ordinary Python, and where each key and item is."""

    file: Path
    value: object
    """None where the file contains nothing but comments."""
    places: Mapping[Keys, Place]
    empty: frozenset[Keys] = frozenset()
    """Keys with nothing after them: null, which somebody may have meant or not."""

    def find(self, keys: Sequence[object]) -> tuple[Keys, Place]:
        """Follow keys as far as they lead: those that are there, and the place of the last.

        Keys that are not there are passed over.
        """
        known: Keys = ()
        for key in keys:
            if (longer := (*known, str(key))) in self.places:
                known = longer
        return known, self.places.get(known, (1, 1))

    def at(self, keys: Sequence[object]) -> str:
        """Write ``file:line:column`` of what these keys lead to, or of the nearest above it."""
        line, column = self.find(keys)[1]
        return f"{self.file}:{line}:{column}"


def read_document(file: Path) -> Document:
    """Read a file of one document. Raises OSError, and YAMLFileError with every flaw."""
    found = read_documents(file)
    if len(found) > 1:
        line, column = found[1].places[()]
        raise YAMLFileError(file, [Flaw("there is a second document; write one", line, column)])
    return found[0] if found else Document(file, None, {})


def read_documents(file: Path) -> tuple[Document, ...]:
    """Read all documents of a file but empty ones. Raises as `read_document`."""
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        found = f"is not UTF-8: byte {content[error.start]:#04x}; save the file as UTF-8"
        raise YAMLFileError(file, [Flaw(found, *place)]) from error
    return parse_documents(text, file)


def parse_documents(text: str, file: Path) -> tuple[Document, ...]:
    """Read the text of a file; see `read_documents`."""
    try:
        reading = [(node, NodeReader()) for node in _composed(text)]
        values = [reader.value(node) for node, reader in reading]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        found = f"not valid YAML: {error.problem or error.context}"
        raise YAMLFileError(file, [Flaw(found, *place)]) from error
    except ReaderError as error:
        before = text[: error.position]
        place = before.count("\n") + 1, error.position - before.rfind("\n")
        found = f"not valid YAML: there is a character {error.character!a}; take it out"
        raise YAMLFileError(file, [Flaw(found, *place)]) from error
    except (YAMLError, ValueError) as error:
        raise YAMLFileError(file, [Flaw(f"not valid YAML: {error}")]) from error
    if flaws := [flaw for _, reader in reading for flaw in dict.fromkeys(reader.flaws)]:
        raise YAMLFileError(file, flaws)
    return tuple(
        Document(file, value, reader.places, frozenset(reader.empty))
        for value, (_, reader) in zip(values, reading, strict=True)
        if value is not None
    )


def _composed(text: str) -> list[Node]:
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = _DEEPEST
    yaml.composer.warn_double_anchors = False
    return list(yaml.compose_all(text))
