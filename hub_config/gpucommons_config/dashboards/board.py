"""What a dashboard is made of, whatever draws it: rows of panels, each with its queries. Pure.

Queries may use ``$__rate_interval`` and ``$__range``, which Grafana fills in, and the variables of
their dashboard.
Source: https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

UID_PREFIX = "gpucommons-"
_FULL_WIDTH = 24
"""Columns of Grafana's grid."""


class Kind(StrEnum):
    """How a panel shows its queries."""

    FIGURE = "figure"
    """One number for each series, as it is now."""
    GRAPH = "graph"
    """Lines over time."""
    STACK = "stack"
    """Areas over time, one upon the other: parts of a whole."""
    TABLE = "table"
    """A row for each series, as it is now, with its labels as columns."""


class Unit(StrEnum):
    """Grafana's names of units.

    Source: https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts
    """

    COUNT = "short"
    SHARE = "percentunit"
    """0 to 1, shown as percent."""
    SECONDS = "s"
    BYTES = "bytes"
    BYTES_PER_SECOND = "Bps"
    REQUESTS_PER_SECOND = "reqps"
    WATTS = "watt"
    CELSIUS = "celsius"
    HERTZ = "hertz"
    GPUS = "suffix: GPUs"
    GPU_HOURS = "suffix: GPU-h"
    """Grafana's own hours become days and weeks."""


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and what each of its series is called: text with ``{{label}}``."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture. about: what it shows, and what to make of it, in sentences."""

    kind: Kind
    title: str
    about: str
    unit: Unit
    queries: Sequence[Query]
    width: int
    """Of 24 columns."""
    column: str = "Value"
    """What a table calls the value."""
    bad_from: float | None = None
    """From where on a figure is shown in red."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels below one heading."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Choice:
    """A variable of which people choose one value: those of a label of a metric."""

    name: str
    title: str
    about: str
    metric: str
    label: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One page. name: of its file, and of its address, where `UID_PREFIX` stands before it."""

    name: str
    title: str
    about: str
    rows: Sequence[Row]
    choices: Sequence[Choice] = ()


def figure(
    title: str, about: str, unit: Unit, expr: str, *, width: int = 4, bad_from: float | None = None
) -> Panel:
    """Return a panel with one number."""
    return Panel(Kind.FIGURE, title, about, unit, (Query(expr),), width, bad_from=bad_from)


def graph(title: str, about: str, unit: Unit, *queries: Query, width: int = 12) -> Panel:
    """Return a panel with lines."""
    return Panel(Kind.GRAPH, title, about, unit, queries, width)


def stack(title: str, about: str, unit: Unit, *queries: Query, width: int = 12) -> Panel:
    """Return a panel with areas, which add up."""
    return Panel(Kind.STACK, title, about, unit, queries, width)


def table(
    title: str, about: str, column: str, unit: Unit, expr: str, *, width: int = _FULL_WIDTH
) -> Panel:
    """Return a panel with a table: the labels, and the value in a column of that name and unit."""
    return Panel(Kind.TABLE, title, about, unit, (Query(expr),), width, column)
