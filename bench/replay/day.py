"""One day of one session: what really happened, and what each source reads of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from itertools import chain, repeat

MINUTES = 24 * 60
"""A day begins with the start of its session."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What goes on in a session for some minutes, and how it shows."""

    works: bool = False
    """The truth: something computes, or a person sits there, be it in thought."""
    gpu: int = 0
    """Percent; what the driver tells of the device."""
    processor: int = 1
    """Percent of one core."""
    network: int = 0
    """kB/s of the session's pod."""
    cell: bool = False
    program: str = ""
    """What stands in front of a terminal."""
    prints: bool = False
    """The cell or program writes something now and then."""
    edits: bool = False
    """The person types or saves, in JupyterLab or VS Code."""
    vscode: bool = False
    """It is in VS Code, of whose terminals Jupyter Server knows nothing."""
    present: bool = False
    """The person would see a notice."""
    page: bool = False
    """A page is open whose requests go through the hub's proxy."""


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes of the day, the last one not included."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Faults:
    """When what was wrong."""

    exporter_down: tuple[Span, ...] = ()
    exporter_zeros: tuple[Span, ...] = ()
    """DCGM's exporter tells 0 of a pod whose processes it cannot match."""
    node_down: tuple[Span, ...] = ()
    """Processor and network are not measured."""
    no_answer: tuple[Span, ...] = ()
    """The session does not answer."""
    culler_down: tuple[Span, ...] = ()
    culler_clock: tuple[tuple[Span, int], ...] = ()
    """By how many minutes the culler's clock is ahead."""
    claims_work: tuple[Span, ...] = ()
    """The session says that a cell runs, although nothing works."""

    def joined(self, other: "Faults") -> "Faults":
        """Answer these and others together."""
        return Faults(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Faults)))


@dataclass(frozen=True, slots=True)
class Day:
    """A session's day. What comes after the last doing is an unused session with no page open."""

    name: str
    doings: tuple[tuple[int, Doing], ...]
    """What is done one after the other, each for so many minutes."""
    faults: Faults = field(default_factory=Faults)
    kept: tuple[Span, ...] = ()
    """When the person keeps the session without being asked."""

    def minutes(self) -> list[Doing]:
        """Answer what is done in each minute."""
        done = chain.from_iterable(repeat(doing, length) for length, doing in self.doings)
        every = list(chain(done, repeat(UNUSED, MINUTES)))
        return every[:MINUTES]

    def idle(self) -> Iterator[Span]:
        """Answer when nothing worked."""
        begin = 0
        for minute, works in enumerate(chain((each.works for each in self.minutes()), [True])):
            if works:
                if minute > begin:
                    yield Span(begin, minute)
                begin = minute + 1

    def kept_until(self, span: Span) -> int:
        """Answer until when an idle session is kept; its beginning if it is not."""
        return max((each.end for each in self.kept if each.begin < span.end), default=span.begin)


UNUSED = Doing()
