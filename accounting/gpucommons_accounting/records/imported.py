"""Sessions as the CSV of ``gpucommons usage export`` has them, as facts of this record. Pure."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby
from uuid import UUID, uuid5

from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.reason import ReasonCode

MOMENTS = {
    "x_Requested": "requested",
    "x_Bound": "bound",
    "x_Ready": "ready",
    "x_Stopping": "stopping",
    "x_Gone": "gone",
    "x_GoneBy": "gone_by",
}
"""By a column of the CSV, which moment of a session it has."""
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What spreadsheets take for a formula; the CSV has a quote before it. People name their servers
as they like."""
NEEDED = ("ResourceId", "ChargePeriodStart", "ChargePeriodEnd", "x_Person", "x_Gpus")
"""Columns without which nothing can be read."""
_SESSIONS = UUID("3d0c6f0c-4b0e-5c6b-9a59-0d6a54f3c1a7")
"""Begins the uids of sessions that are imported: any number that nothing else takes."""
_CHOICE = {
    "person": "x_Person",
    "person_since": "x_PersonSince",
    "team": "SubAccountName",
    "environment": "x_Environment",
    "version": "x_Version",
    "size": "ResourceType",
}
_USAGE = "Usage"
_MOST_UNITS = 1024
_HOUR = Decimal(3600)
_TOLERANCE = Decimal("0.000002")
"""GPU-hours by which a line may differ from what its period says: the CSV rounds."""


class ImportedError(ValueError):
    """A mistake in the file; the text says in which line and column, and what is right."""

    def __init__(self, line: int, column: str, message: str) -> None:
        """Put the place before the message."""
        super().__init__(f"line {line}, {column}: {message}")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file."""

    line: int
    values: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a value without what protects spreadsheets."""
        value = self.values.get(column) or ""
        return value[1:] if value.startswith("'") and value[1:].startswith(FORMULA) else value

    def moment(self, column: str) -> datetime | None:
        """Return a moment in UTC; None where there is none. Raises ImportedError."""
        value = self.text(column)
        if not value:
            return None
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise ImportedError(
                self.line,
                column,
                f"{value!r} is no moment with its time zone, such as 2026-11-27T14:30:00+00:00.",
            )
        return found.astimezone(UTC)

    def number(self, column: str) -> Decimal:
        """Return an amount that is not below 0. Raises ImportedError."""
        try:
            found = Decimal(self.text(column))
        except InvalidOperation:
            found = Decimal(-1)
        if not found.is_finite() or found < 0:
            raise ImportedError(self.line, column, f"{self.text(column)!r} is no number from 0.")
        return found


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """A session of the file."""

    line: int
    id: str
    """What its own installation calls it."""
    uid: str
    """Its identity here."""
    person: str
    team: str
    product: str
    runs: bool
    """It had not ended when it was written: its end is not known."""
    events: Sequence[Event] = field(repr=False)


def rows(lines: Iterable[str]) -> Iterator[Row]:
    """Read the lines of a file. Raises ImportedError for one that is no such CSV."""
    reader = csv.DictReader(lines, strict=True)
    try:
        for column in NEEDED:
            if column not in (reader.fieldnames or ()):
                raise ImportedError(1, column, "this column is missing.")
        for values in reader:
            if None in values or None in values.values():
                raise ImportedError(
                    reader.line_num, "all", "it has another number of values than the first line."
                )
            yield Row(reader.line_num, values)
    except csv.Error as error:
        raise ImportedError(reader.reader.line_num, "all", f"{error}.") from None


def is_session(row: Row) -> bool:
    """Whether a line is of a session; others are refunds."""
    return row.text("ChargeCategory") in ("", _USAGE)


def by_session(found: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the lines of each session, which are together in the file."""
    usage = (row for row in found if is_session(row))
    for _, each in groupby(usage, lambda row: row.text("ResourceId")):
        yield list(each)


def uid_of(installation: str, session: str) -> str:
    """Return the identity of a session that another installation calls by an id of its own."""
    return str(uuid5(_SESSIONS, f"{installation}\n{session}"))


def session_of(installation: str, of_one: Sequence[Row]) -> ImportedSession:
    """Make one of its lines. Raises ImportedError.

    Without the columns of moments, as before there was accounting, it was there from its first
    charge until its last one.
    """
    first = of_one[0]
    for column in ("ResourceId", "x_Person"):
        if not first.text(column):
            raise ImportedError(first.line, column, "it is empty.")
    units, end = first.number("x_Gpus"), None
    if units > _MOST_UNITS:
        raise ImportedError(first.line, "x_Gpus", f"it is more than {_MOST_UNITS}.")
    for row in of_one:
        begin, until = _charge(row, units)
        if end is not None and begin != end:
            raise ImportedError(
                row.line, "ChargePeriodStart", "it is not where the line before it ends."
            )
        end = until
    uid = uid_of(installation, first.text("ResourceId"))
    return ImportedSession(
        first.line,
        first.text("ResourceId"),
        uid,
        first.text("x_Person"),
        first.text("SubAccountName"),
        first.text("SkuId"),
        any(row.text("x_AsOf") for row in of_one),
        list(_facts(uid, of_one)),
    )


def _charge(row: Row, units: Decimal) -> tuple[datetime, datetime]:
    begin, end = row.moment("ChargePeriodStart"), row.moment("ChargePeriodEnd")
    if begin is None or end is None:
        missing = "ChargePeriodStart" if begin is None else "ChargePeriodEnd"
        raise ImportedError(row.line, missing, "it is empty.")
    if end < begin:
        raise ImportedError(row.line, "ChargePeriodEnd", "it is before ChargePeriodStart.")
    if row.number("x_Gpus") != units:
        raise ImportedError(row.line, "x_Gpus", "it is another number than a line before.")
    if row.text("ConsumedQuantity"):
        hours = units * Decimal((end - begin).total_seconds()) / _HOUR
        if abs(row.number("ConsumedQuantity") - hours) > _TOLERANCE:
            message = f"it must be x_Gpus times the hours of its period, {hours:.6f}."
            raise ImportedError(row.line, "ConsumedQuantity", message)
    return begin, end


def _facts(uid: str, of_one: Sequence[Row]) -> Iterator[Event]:
    first, last = of_one[0], of_one[-1]
    known = {name: first.moment(column) for column, name in MOMENTS.items()}
    begin = first.moment("ChargePeriodStart")
    if known["requested"] is None:
        known |= dict.fromkeys(("requested", "bound", "ready"), begin)
        known["gone"] = known["gone"] or last.moment("ChargePeriodEnd")
    requested, gone = known["requested"], known["gone"]
    if requested is None:  # as a line of a charge has its beginning
        raise ImportedError(first.line, "x_Requested", "it is empty.")
    if gone is None and not any(row.text("x_AsOf") for row in of_one):
        raise ImportedError(first.line, "x_Gone", "it is empty, as is x_AsOf.")
    if gone is not None and gone < requested:
        raise ImportedError(first.line, "x_Gone", "it is before x_Requested.")

    def fact(kind: EventKind, at: datetime, **payload: str) -> Event:
        said = {name: word for name, word in payload.items() if word}
        return Event(Source.IMPORT, kind, uid, at, said)

    choice = {name: first.text(column) for name, column in _CHOICE.items()}
    server = first.text("ResourceName").removeprefix(choice["person"]).removeprefix("/")
    team_uid = first.text("SubAccountId")
    units = str(first.number("x_Gpus"))
    choice |= {"server": server, "team_uid": "" if team_uid == choice["team"] else team_uid}
    yield fact(EventKind.CREATED, requested, units=units, **choice)
    if known["bound"]:
        said = {"node": first.text("x_Node"), "product": first.text("SkuId")}
        yield fact(EventKind.BOUND, known["bound"], **said)
    for kind, name in ((EventKind.READY, "ready"), (EventKind.STOPPING, "stopping")):
        if moment := known[name]:
            yield fact(kind, moment)
    if gone:
        by = known["gone_by"]
        yield fact(EventKind.ENDED, gone, by=by.isoformat() if by and by > gone else "")
        if code := first.text("x_EndReason"):
            if code not in set(ReasonCode):
                allowed = ", ".join(ReasonCode)
                message = f"{code!r} is unknown. It must be empty or one of: {allowed}."
                raise ImportedError(first.line, "x_EndReason", message)
            yield fact(EventKind.REASON, gone, code=code)
