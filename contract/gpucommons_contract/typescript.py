"""Writes what crosses between a session's server and its pages as TypeScript.

``python -m gpucommons_contract.typescript`` writes ``session_client/src/contract.ts``, which the
panel and the VS Code extension import, so nobody writes a shape a second time.
"""

import ast
import inspect
import re
import sys
import textwrap
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from gpucommons_contract.endpoints import Endpoint
from gpucommons_contract.sessions import notices, session, telemetry
from gpucommons_contract.workspaces import earlier_files, home_folder

_TARGET = Path(__file__).parents[2] / "session_client" / "src" / "contract.ts"
_SOURCES = (telemetry, session, home_folder, earlier_files, notices)
_TYPES: tuple[type[Any], ...] = (
    telemetry.TelemetryState,
    telemetry.Throttle,
    telemetry.HolderKind,
    telemetry.GPUMemory,
    telemetry.GPUPeak,
    telemetry.GPUTraffic,
    telemetry.GPUHolder,
    telemetry.GPUProcess,
    telemetry.GPU,
    telemetry.GPUShare,
    telemetry.MemoryUse,
    telemetry.CPUUse,
    telemetry.DiskUse,
    telemetry.SessionUse,
    telemetry.TelemetryFrame,
    telemetry.GPUSeries,
    telemetry.TelemetryHistory,
    telemetry.GPUUsage,
    session.SessionInfo,
    session.SessionStatus,
    home_folder.FolderSize,
    home_folder.FolderSizes,
    home_folder.TrashEmptied,
    earlier_files.EarlierSnapshot,
    earlier_files.EarlierSnapshots,
    earlier_files.EarlierVersion,
    earlier_files.EarlierVersions,
    earlier_files.EarlierEntry,
    earlier_files.EarlierFolder,
    earlier_files.PutBack,
    earlier_files.LeftOutEntry,
    earlier_files.SnapshotNotes,
    earlier_files.PuttingBackState,
    earlier_files.PuttingBack,
    earlier_files.SnapshotWish,
    earlier_files.TrashedEntry,
    notices.NoticeLevel,
    notices.NoticeChoice,
    notices.Notice,
)
_CONSTANTS = (
    (telemetry, "SHARED_GPU_MODES"),
    (notices, "ENDING_NOTICE"),
    (notices, "HOME_NOTICE"),
    (notices, "KEEP_CHOICE"),
    (notices, "MEMORY_NOTICE"),
    (notices, "NOTICES_CHANGED"),
)
_LEFT_OUT_IF_NULL = {(notices.Notice, "answered_at")}
_SIMPLE = {str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null"}
_WIDTH = 80
"""Columns, as Prettier has them."""


def write_types() -> str:
    """Return the text of the module, laid out as Prettier does it."""
    parts = [
        "// Written by gpucommons_contract/typescript.py. Change the contract, then run\n"
        "// `python -m gpucommons_contract.typescript`.\n",
        _endpoints(),
        _variables(),
        *(_constant(module, name) for module, name in _CONSTANTS),
        *(_declaration(each) for each in _TYPES),
    ]
    return "\n".join(parts)


def _endpoints() -> str:
    """Only those that a session's own server serves."""
    own = [each for each in Endpoint if each.name.startswith("SESSION")]
    lines = ",\n".join(f"  {each.name}: '{each.value}'" for each in own)
    return (
        _comment("Paths below the base URL of the session's server.")
        + f"export const Endpoint = {{\n{lines}\n}} as const;\n"
    )


def _variables() -> str:
    """Only those that a page or an editor reads."""
    own = (session.SessionVariable.LANGUAGE, session.SessionVariable.FILES_URL)
    lines = ",\n".join(f"  {each.name}: '{each.value}'" for each in own)
    return (
        _comment("Environment variables that the hub's spawner sets in a session.")
        + f"export const SessionVariable = {{\n{lines}\n}} as const;\n"
    )


def _constant(module: ModuleType, name: str) -> str:
    value = getattr(module, name)
    if not isinstance(value, str):
        value = "[" + ", ".join(f"'{each}'" for each in value) + "]"
        return (
            _comment(_docs(module).get(name, ""))
            + f"export const {name}: readonly string[] = {value};\n"
        )
    line = f"export const {name} = '{value}';"
    if len(line) > _WIDTH:
        line = f"export const {name} =\n  '{value}';"
    return _comment(_docs(module).get(name, "")) + line + "\n"


def _declaration(shape: type[Any]) -> str:
    return _union(shape) if issubclass(shape, StrEnum) else _interface(shape)


def _union(enum: type[StrEnum]) -> str:
    values = " | ".join(f"'{each.value}'" for each in enum)
    return _comment(_summary(enum)) + f"export type {enum.__name__} = {values};\n"


def _interface(shape: type[Any]) -> str:
    docs = _docs(shape)
    hints = get_type_hints(shape)
    lines = []
    for field in fields(shape):
        optional = "?" if (shape, field.name) in _LEFT_OUT_IF_NULL else ""
        written = _type(hints[field.name], drop_null=bool(optional))
        comment = _comment(docs.get(field.name, ""), indent="  ")
        lines.append(f"{comment}  {field.name}{optional}: {written};\n")
    return _comment(_summary(shape)) + f"export interface {_name(shape)} {{\n{''.join(lines)}}}\n"


def _type(hint: Any, *, drop_null: bool = False) -> str:  # noqa: ANN401 -- a type is any object
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if get_origin(hint) is UnionType:
        each = [_type(part) for part in get_args(hint) if not (drop_null and part is NoneType)]
        return " | ".join(each)
    if get_origin(hint) is tuple:
        inner = _type(get_args(hint)[0])
        return f"readonly ({inner})[]" if " | " in inner else f"readonly {inner}[]"
    if get_origin(hint) is dict:
        key, value = (_type(each) for each in get_args(hint))
        return f"Record<{key}, {value}>"
    if hint in _TYPES:
        return _name(hint)
    raise TypeError(f"{hint} has no name in TypeScript; add it to _TYPES")


def _name(shape: type[Any]) -> str:
    return shape.__name__ if issubclass(shape, StrEnum) else f"I{shape.__name__}"


def _summary(shape: type[Any]) -> str:
    return inspect.cleandoc(shape.__doc__ or "").split("\n\n")[0]


def _docs(owner: type[Any] | ModuleType) -> dict[str, str]:
    """Read the docstring below each attribute, or the comment behind it."""
    source = textwrap.dedent(inspect.getsource(owner))
    lines = source.splitlines()
    body: list[ast.stmt] = ast.parse(source).body
    if isinstance(owner, type):
        (top,) = body
        assert isinstance(top, ast.ClassDef)
        body = top.body
    docs = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(target, ast.Name):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            docs[target.id] = inspect.cleandoc(str(after.value.value))
        elif isinstance(node, ast.AnnAssign) and "  # " in lines[node.lineno - 1]:
            docs[target.id] = lines[node.lineno - 1].split("  # ", 1)[1]
    return docs


def _comment(text: str, indent: str = "") -> str:
    if not text:
        return ""
    text = re.sub(r"`+", "`", re.sub(r"\bNone\b", "null", text))
    one_line = f"{indent}/** {' '.join(text.split())} */"
    if len(one_line) <= _WIDTH and "\n\n" not in text:
        return one_line + "\n"
    prefix = f"{indent} * "
    lines = [
        line
        for paragraph in text.split("\n\n")
        for line in ["", *textwrap.wrap(" ".join(paragraph.split()), _WIDTH - len(prefix))]
    ][1:]
    body = "\n".join((prefix + line).rstrip() for line in lines)
    return f"{indent}/**\n{body}\n{indent} */\n"


if __name__ == "__main__":
    if not _TARGET.parent.is_dir():
        sys.exit(f"{_TARGET.parent} is missing: run this in a checkout of the project.")
    _TARGET.write_text(write_types())
