"""The page of the catalogue's keys, from its JSON Schema."""

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any
from unittest.mock import patch

from reference_pages.markdown import cell, code, paragraph, prose, sentence
from reference_pages.project import MissingTextError, programs

Schema = Mapping[str, Any]

_LIMITS = {
    "minimum": "from {}",
    "ge": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "minItems": "at least {}",
    "maxItems": "at most {}",
}
_WORDS = {"string": "text", "boolean": "true or false", "null": "`null`"}


def page() -> str:
    """Return the page: a section for the file and each part of it. Raises MissingTextError."""
    written = io.StringIO()
    with redirect_stdout(written), patch("sys.argv", ["gpucommons", "catalogue", "schema"]):
        programs()["gpucommons"]()
    return of_schema(json.loads(written.getvalue()))


def of_schema(schema: Schema) -> str:
    """Return the sections of a schema: the whole file first, then its parts as they are met."""
    parts: Schema = schema.get("$defs", {})
    order: list[str] = []
    _meet(schema, parts, order)
    sections = [section("Catalogue", schema)]
    sections += [section(name, parts[name]) for name in order]
    return "\n".join(sections)


def section(name: str, part: Schema) -> str:
    """Return what the page says about one part. Raises MissingTextError."""
    lines = [f"(catalogue-{name.lower()})=", f"## {name}", ""]
    if not part.get("description"):
        raise MissingTextError(f"{name} of the catalogue has no description.")
    lines += [prose(sentence(paragraph(part["description"]))), ""]
    if "enum" in part:
        return "\n".join([*lines, " or ".join(map(code, part["enum"])), ""])
    lines += ["| Key | Value | Default | Meaning |", "|---|---|---|---|"]
    for key, value in part.get("properties", {}).items():
        if not value.get("description"):
            raise MissingTextError(f"{name}.{key} of the catalogue has no description.")
        default = "required" if key in part.get("required", ()) else _default(value)
        meaning = cell(sentence(value["description"]))
        lines.append(f"| {code(key)} | {_kind(value)} | {default} | {meaning} |")
    return "\n".join([*lines, ""])


def _meet(part: Any, parts: Schema, order: list[str]) -> None:  # noqa: ANN401 -- any JSON
    """Note the parts that a schema refers to, each before what it refers to itself."""
    if isinstance(part, list):
        for each in part:
            _meet(each, parts, order)
    elif isinstance(part, Mapping):
        if isinstance(reference := part.get("$ref"), str):
            name = reference.rpartition("/")[2]
            if name not in order:
                order.append(name)
                _meet(parts[name], parts, order)
        for key, value in part.items():
            if key not in ("$defs", "default", "examples", "discriminator"):
                _meet(value, parts, order)


def _default(value: Schema) -> str:
    default = value.get("default")
    if default is None or isinstance(default, dict | list):
        return ""
    return code(json.dumps(default, ensure_ascii=False))


def _kind(value: Schema) -> str:
    for several in ("anyOf", "oneOf"):
        if several in value:
            return ", ".join(dict.fromkeys(_kind(each) for each in value[several]))
    if reference := value.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#catalogue-{name.lower()})"
    if words := [value["const"]] if "const" in value else value.get("enum"):
        return " or ".join(map(code, words))
    return _json_type(value)


def _json_type(value: Schema) -> str:
    kind = value.get("type", "anything")
    if kind == "array":
        return "list of " + _kind(value.get("items", {}))
    if kind == "object":
        named = [*value.get("patternProperties", {}).values(), value.get("additionalProperties")]
        return "by name: " + _kind(next((each for each in named if isinstance(each, Mapping)), {}))
    kinds = kind if isinstance(kind, list) else [kind]
    limits = [text.format(value[key]) for key, text in _LIMITS.items() if key in value]
    return " ".join([", ".join(_WORDS.get(str(each), str(each)) for each in kinds), *limits])
