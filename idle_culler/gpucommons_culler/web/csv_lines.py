"""The audit as CSV that spreadsheets may open."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

COLUMNS = (
    "number",
    "at",
    "kind",
    "user",
    "server",
    "started",
    "team",
    "size",
    "gpus",
    "by",
    "verdict",
    "rule",
    "reason",
    "idle_since",
    "until",
    "signals",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""A spreadsheet may compute a cell that begins so; the wide ones are taken for the others."""


def heading() -> str:
    """The first line."""
    return _line(COLUMNS)


def csv_line(event: dict[str, Any]) -> str:
    """One line, of an event as the API shows it."""
    return _line(_cell(event[column]) for column in COLUMNS)


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = json.dumps(value, default=str) if isinstance(value, list) else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
