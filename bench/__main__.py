"""Run all benchmarks, or those that are named, and show a table."""

import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from bench import (
    availability,
    check,
    course,
    idle_replay,
    idle_scale,
    interactive,
    lab_start,
    login,
    panel,
    picker,
    platform,
    quota,
    removal,
    scale,
    spawn,
    viewers,
)
from bench.figure import Figure

BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    "quota": quota.measure,
    "picker": picker.measure,
    "availability": availability.measure,
    "interactive": interactive.measure,
    "viewers": viewers.measure,
    "panel": panel.measure,
    "lab_start": lab_start.measure,
    "check": check.measure,
    "login": login.measure,
    "removal": removal.measure,
    "import": course.measure,
    "idle_replay": idle_replay.measure,
    "platform": platform.measure,
    "first-up": platform.measure_first,
    "spawn": spawn.measure,
    "scale": scale.measure,
    "idle_scale": idle_scale.measure,
}
ON_REQUEST = {"first-up", "idle_scale", "panel", "scale"}
"""Take a quarter of an hour, so only by name."""


def main(names: list[str]) -> int:
    """Measure; returns 2 for a name that is none of ours."""
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        sys.stderr.write(f"No benchmark {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}\n")
        return 2
    figures = []
    for name in names or [each for each in BENCHMARKS if each not in ON_REQUEST]:
        print(f"Measuring {name} ...", flush=True)
        for figure in BENCHMARKS[name]():
            figure.save()
            figures.append(figure)
    _show(figures)
    return 0


def _show(figures: list[Figure]) -> None:
    table = Table("Figure", "Ours", "Target", "Peer", "Theirs", "Ratio", "Met")
    for each in figures:
        target = (
            f"{each.ratio_target:g} of peer" if each.ratio_target else _amount(each.target, each)
        )
        table.add_row(
            each.title,
            _amount(each.value, each),
            target,
            each.peer or "",
            _amount(each.peer_value, each),
            "" if each.ratio is None else f"{each.ratio:.2f}",
            {True: "yes", False: "no", None: ""}[each.met],
        )
    Console(width=160).print(table)


def _amount(value: float | None, figure: Figure) -> str:
    return "" if value is None else f"{value:.3g} {figure.unit}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
