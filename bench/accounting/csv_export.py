"""Read all charges as the service sends them: seconds until the first, and for all; MB."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_accounting.database.listing import AT_ONCE, Mark
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.web.capacity.busy import Busy
from gpucommons_accounting.web.exports import charges_csv, csv_heading

_EVER = Period(datetime(2023, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))


def main(url: str) -> None:
    """Print the figures."""
    store = Store(url)
    store.open()
    begin, first, after = time.perf_counter(), 0.0, None
    prices = PriceList(store.prices())
    csv_heading()
    while some := store.page(_EVER, AT_ONCE, after=after):
        charges_csv(Busy(some, {}, _EVER, _EVER.end), prices, "EUR")
        first = first or time.perf_counter() - begin
        after = Mark.of(some[-1])
    memory = _most_memory() / 1024
    sys.stdout.write(f"{first} {time.perf_counter() - begin} {memory}\n")


def _most_memory() -> int:
    """Return the most that this program had, in KiB; getrusage counts who started it, too."""
    status = Path("/proc/self/status").read_text()
    (line,) = (each for each in status.splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1])


main(sys.argv[1])
