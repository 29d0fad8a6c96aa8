"""Run benchmarks one after the other, save each figure, and show a table."""

import sys
import traceback
from collections.abc import Callable, Iterable, Mapping

from rich.console import Console
from rich.table import Table

from bench.figure import Figure

Benchmark = Callable[[], Iterable[Figure]]


def run(benchmarks: Mapping[str, Benchmark], names: Iterable[str]) -> int:
    """Measure. Return 2 for a name that is none of ours, 1 if a benchmark failed.

    Each figure is saved as it comes: what fails later costs none that was measured.
    """
    unknown = set(names) - benchmarks.keys()
    if unknown:
        sys.stderr.write(f"No benchmark {', '.join(unknown)}. There are: {', '.join(benchmarks)}\n")
        return 2
    figures: dict[str, Figure] = {}
    failed = []
    for name in names:
        print(f"Measuring {name} ...", flush=True)
        try:
            for figure in benchmarks[name]():
                figure.save()
                figures[figure.name] = figure
        except Exception:
            traceback.print_exc()
            failed.append(name)
    _show(list(figures.values()))
    if failed:
        sys.stderr.write(f"Failed, see above: {', '.join(failed)}\n")
    return 1 if failed else 0


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
            f"failed: {each.peer_failed}" if each.peer_failed else _amount(each.peer_value, each),
            "" if each.ratio is None else f"{each.ratio:.2f}",
            {True: "yes", False: "no", None: ""}[each.met],
        )
    Console(width=160).print(table)


def _amount(value: float | None, figure: Figure) -> str:
    return "" if value is None else f"{value:.3g} {figure.unit}"
