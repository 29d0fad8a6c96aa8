"""What could be promised of a platform like this: ten indicators, of which a file measures some."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gpucommons_config.slo.objective import Objective


class Indicator(NamedTuple):
    """One thing that people may want to rely on."""

    about: str
    """What is good."""
    unmeasurable: str = ""
    """Why no file of objectives can measure it with the metrics that there are."""


INDICATORS: Mapping[str, Indicator] = {
    "sign-in": Indicator("sign-ins that are answered without an error of the platform's own"),
    "picker": Indicator("pages of the picker that come within a second, without an error"),
    "start-success": Indicator("starts after which people could work"),
    "start-latency": Indicator("starts that take a minute at most, once they have their node"),
    "session-survival": Indicator("sessions that the platform did not end"),
    "false-stops": Indicator(
        "stops of idle sessions that nobody objects to, nor starts anew at once",
        "no metric counts stops that were wrong",
    ),
    "notice": Indicator(
        "stops that were announced as long beforehand as promised",
        "no metric; the idle culler's history has it, stop by stop",
    ),
    "files": Indicator("starts with a workspace that can be written to", "no metric"),
    "accounting": Indicator("minutes in which it is known which sessions there are"),
    "exact-ends": Indicator(
        "sessions that ended at a known moment",
        "gpucommons_uncertain_ends has how many did not, and no metric of how many",
    ),
}
"""By the name that an objective of it has."""
_NOT_IN_FILE = "the file of objectives has none of this name"


class Unmeasured(NamedTuple):
    """An indicator that a file of objectives leaves out."""

    name: str
    about: str
    why: str


def unmeasured(objectives: Iterable[Objective]) -> Iterator[Unmeasured]:
    """Yield the indicators that no objective is about, and why."""
    measured = {each.name for each in objectives}
    for name, indicator in INDICATORS.items():
        if name not in measured:
            yield Unmeasured(name, indicator.about, indicator.unmeasurable or _NOT_IN_FILE)
