"""How the commands for administrators write what the hub says."""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime

from gpucommons_contract.formats.wording import moment
from gpucommons_people.names import duration

_MINUTE = 60


def minutes(text: str) -> int:
    """Read a time such as ``30m`` as whole minutes, and never less than it. Raises InputError."""
    return math.ceil(duration(text).total_seconds() / _MINUTE)


def moment_words(text: str | None) -> str:
    """Write a moment that the hub wrote; nothing for none."""
    return moment(datetime.fromisoformat(text)) if text else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, the heading first."""
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
