"""Takes sessions of a file into the record: all of it is read before anything is written."""

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from itertools import islice, pairwise
from pathlib import Path

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Period, in_hours
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.records.deriving import derive
from gpucommons_accounting.records.imported import (
    ImportedError,
    ImportedSession,
    Row,
    by_session,
    is_session,
    rows,
    session_of,
)

_AT_ONCE = 500
"""Sessions that are written in one transaction."""
_MOST_MISTAKES = 20
"""As many are told of one file, and as many sessions are named of those that are left out."""
_SHOWN_EACH = 100_000
"""Lines after which progress is told."""
_KEY_BYTES = 8


class ImportRefusedError(Exception):
    """Nothing was imported; ``mistakes`` says what is wrong, a sentence each."""

    def __init__(self, mistakes: list[str]) -> None:
        """Take them."""
        super().__init__("; ".join(mistakes))
        self.mistakes = mistakes


@dataclass(slots=True)
class Imported:
    """What came into the record, or would."""

    sessions: int = 0
    gpu_time: Decimal = Decimal(0)
    """What they are charged, in GPU-microseconds."""
    people: set[str] = field(default_factory=set)
    teams: set[str] = field(default_factory=set)
    begin: datetime | None = None
    end: datetime | None = None
    not_priced: set[str] = field(default_factory=set)
    """GPUs' models that have no price for some of it."""
    same: int = 0
    """Sessions that were imported before, and are the same."""
    refunds: int = 0
    """Lines that are refunds. They are left out."""
    left_out: int = 0
    """Sessions that are not taken."""
    named: list[str] = field(default_factory=list)
    """Why, of the first ones."""

    def leave_out(self, session: ImportedSession, why: str) -> None:
        """Name a session that is not taken."""
        self.left_out += 1
        if len(self.named) < _MOST_MISTAKES:
            self.named.append(f"line {session.line}: session {session.id} {why}")


class Importing:
    """Reads one file, which may be longer than memory. It blocks."""

    def __init__(
        self, store: Store, installation: str, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """installation: what makes ids of its sessions those of no other one. progress: told
        which line it has reached.
        """
        self._store, self._installation, self._progress = store, installation, progress

    def check(self, file: Path) -> None:
        """Read all of it. Raises ImportRefusedError with what is wrong, and OSError."""
        mistakes: list[str] = []
        keys = array("Q")
        try:
            for of_one in by_session(self._rows(file)):
                try:
                    session_of(self._installation, of_one)
                except ImportedError as error:
                    mistakes.append(str(error))
                    if len(mistakes) >= _MOST_MISTAKES:
                        break
                keys.append(_key(of_one))
        except ImportedError as error:
            mistakes.append(str(error))
        except UnicodeDecodeError as error:
            mistakes.append(f"it is no text in UTF-8: {error.reason}")
        mistakes = mistakes or list(self._apart(file, keys))
        if mistakes:
            raise ImportRefusedError(mistakes)

    def take(self, file: Path, now: datetime, *, dry_run: bool = False) -> Imported:
        """Take a file that was checked; with ``dry_run`` say only what would come.

        Some sessions are written in each transaction. What is stopped in the middle is taken
        again: those that are there already are the same.
        """
        found = Imported()
        prices = PriceList(self._store.prices())
        sessions = (
            session_of(self._installation, of_one) for of_one in by_session(self._rows(file, found))
        )
        while some := list(islice(sessions, _AT_ONCE)):
            new = list(self._new(some, found))
            for session in new:
                _count(found, session, prices)
            if not dry_run:
                self._store.add([fact for each in new for fact in each.events], now)
        return found

    def _rows(self, file: Path, found: Imported | None = None) -> Iterator[Row]:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for number, row in enumerate(rows(lines), 1):
                if number % _SHOWN_EACH == 0:
                    self._progress(row.line)
                if found is not None and not is_session(row):
                    found.refunds += 1
                yield row

    def _apart(self, file: Path, keys: Iterable[int]) -> Iterator[str]:
        """Yield which sessions have lines that are not together."""
        ordered = sorted(keys)
        twice = {one for one, other in pairwise(ordered) if one == other}
        del ordered
        seen: set[str] = set()
        for of_one in by_session(self._rows(file)) if twice else ():
            uid = of_one[0].text("ResourceId")
            if uid in seen:
                message = f"session {uid} is further up, too: its lines must be together."
                yield str(ImportedError(of_one[0].line, "ResourceId", message))
            elif _key(of_one) in twice:
                seen.add(uid)

    def _new(self, some: list[ImportedSession], found: Imported) -> Iterator[ImportedSession]:
        """Yield those that are not in the record yet."""
        there = self._store.facts_of([*(each.uid for each in some), *(each.id for each in some)])
        for session in some:
            if session.runs:
                found.leave_out(session, "still ran when it was written.")
            elif session.id in there:
                found.leave_out(session, "is this installation's own, and in the record.")
            elif session.uid not in there:
                yield session
            elif {fact.key for fact in session.events} <= there[session.uid]:
                found.same += 1
            else:
                found.leave_out(session, "is in the record already, and otherwise.")


def _key(of_one: list[Row]) -> int:
    said = blake2b(of_one[0].text("ResourceId").encode(), digest_size=_KEY_BYTES)
    return int.from_bytes(said.digest(), "big")


def _count(found: Imported, imported: ImportedSession, prices: PriceList) -> None:
    session = derive(imported.events)
    end = session.gone_by or session.requested
    found.sessions += 1
    found.people.add(imported.person)
    found.teams |= {imported.team} - {""}
    found.begin = min(found.begin or session.requested, session.requested)
    found.end = max(found.end or end, end)
    for charge in prices.charges(session, Period(session.requested, end), end):
        found.gpu_time += charge.amount
        if charge.rate is None:
            found.not_priced.add(imported.product)


def imported_json(found: Imported, *, dry_run: bool) -> dict[str, object]:
    """Return what came, for programs."""
    return {
        "dry_run": dry_run,
        "sessions": found.sessions,
        "gpu_hours": str(in_hours(found.gpu_time).quantize(Decimal("0.000001"))),
        "people": len(found.people),
        "teams": len(found.teams),
        "begin": found.begin and found.begin.isoformat(),
        "end": found.end and found.end.isoformat(),
        "not_priced": sorted(found.not_priced),
        "already_there": found.same,
        "left_out": found.left_out,
        "why_left_out": found.named,
        "refunds_left_out": found.refunds,
    }
