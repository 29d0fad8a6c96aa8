"""One measured figure: what, how much, the target, and a peer's in the same run."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Figure:
    """A measurement. Smaller is better for all of them.

    target is in the figure's unit, or, where ``ratio_target`` is given instead,
    that share of the peer's figure. samples are kept so that a reader can judge.
    peer_failed says why a peer that was tried has no figure.
    """

    name: str
    title: str
    value: float
    unit: str
    target: float | None = None
    peer: str | None = None
    peer_value: float | None = None
    ratio_target: float | None = None
    samples: int = 1
    peer_failed: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's."""
        return None if not self.peer_value else self.value / self.peer_value

    @property
    def met(self) -> bool | None:
        """Whether the target was met in this run; None without a target."""
        if self.ratio_target is not None and self.ratio is not None:
            return self.ratio <= self.ratio_target
        return None if self.target is None else self.value <= self.target

    def save(self) -> None:
        """Write the figure to bench/results/NAME.json."""
        RESULTS.mkdir(exist_ok=True)
        record = {
            **asdict(self),
            "ratio": self.ratio,
            "met": self.met,
            "machine": f"{os.cpu_count()} cores, {_memory_gib()} GiB, {platform.machine()}",
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        (RESULTS / f"{self.name}.json").write_text(json.dumps(record, indent=2) + "\n")


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def percentile(samples: list[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the samples lie."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
