"""What could be promised of a platform like this: indicators, of which a file measures some."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from gpucommons_config.slo.objective import Objective

INDICATORS: Mapping[str, str] = {
    "sign-in": "sign-ins that are answered without an error of the platform's own",
    "picker": "pages of the picker that come within a second, without an error",
    "start-success": "starts after which people could work",
    "start-latency": "starts that take a minute at most, once they have their node",
    "session-survival": "sessions that the platform did not end",
    "false-stops": "stops of idle sessions after which the same is not started anew at once",
    "notice": "stops that were announced as long beforehand as promised",
    "files": "looks of the start probe that could write a file into the workspace",
    "accounting": "minutes in which it is known which sessions there are",
    "exact-ends": "sessions that ended at a known moment",
    "probe": "looks of the start probe that could sign in, start a session and work in it",
}
"""What is good of each, by the name that an objective of it has."""
_NOT_IN_FILE = "the file of objectives has none of this name"


class Unmeasured(NamedTuple):
    """An indicator that a file of objectives leaves out."""

    name: str
    about: str
    why: str


def unmeasured(objectives: Iterable[Objective]) -> Iterator[Unmeasured]:
    """Yield the indicators that no objective is about, and why."""
    measured = {each.name for each in objectives}
    for name, about in INDICATORS.items():
        if name not in measured:
            yield Unmeasured(name, about, _NOT_IN_FILE)
