"""Series as Prometheus keeps them: a name, labels, and how the value goes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

APART = timedelta(minutes=1)
LONG = timedelta(minutes=70)
"""Longer than a query looks back."""
_GONE_FOR = 30 * APART
"""Longer than Prometheus takes a value for the present one."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series. A counter grows by 1 a minute; a gauge stays at its value.

    gone: whether it ended half an hour ago.
    """

    name: str
    labels: Mapping[str, str]
    value: float = 3
    grows: bool = False
    gone: bool = False

    @property
    def text(self) -> str:
        """The series as Prometheus reads it."""
        said = ",".join(f'{key}="{value}"' for key, value in self.labels.items())
        return f"{self.name}{{{said}}}"


def past(series: Sequence[Series], until: datetime) -> Iterator[tuple[str, float, datetime]]:
    """Yield samples of a time, all of one metric together."""
    steps, gone = LONG // APART, _GONE_FOR // APART
    for each in sorted(series, key=lambda one: one.name):
        for step in range(steps + 1 - gone * each.gone):
            value = each.value + step if each.grows else each.value
            yield each.text, value, until - APART * (steps - step)


def labelled(values: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    """Yield each combination of labels' values."""
    for combination in product(*values.values()):
        yield dict(zip(values, combination, strict=True))
