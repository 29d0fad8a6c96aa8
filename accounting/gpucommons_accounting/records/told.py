"""What the hub tells, as facts of sessions and as starts. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gpucommons_contract.told import (
    StartOutcome,
    Told,
    ToldEnd,
    ToldError,
    ToldGone,
    ToldStart,
    read_told,
)

from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.start import Start


@dataclass(slots=True)
class Learnt:
    """What follows from what was told."""

    events: list[Event] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why some of it makes no sense: a sentence each."""


def learnt(facts: Iterable[object]) -> Learnt:
    """Read facts as JSON has them."""
    found = Learnt()
    for said in facts:
        try:
            _take(found, read_told(said))
        except ToldError as error:
            found.refused.append(str(error))
    return found


def _take(found: Learnt, told: Told) -> None:
    if isinstance(told, ToldEnd):
        found.events.append(_reason(told))
        return
    if isinstance(told, ToldGone):
        found.events.append(Event(Source.HUB, EventKind.ENDED, told.uid, told.at))
        return
    found.starts.append(_start(told))
    if told.uid and told.outcome is StartOutcome.READY:
        found.events += _of_ready(told)


def _of_ready(told: ToldStart) -> Iterator[Event]:
    """Say of a session what accounting would not know if it was away for all of its life."""
    names = ("person", "server", "team", "size", "environment")
    choice = {name: getattr(told, name) for name in names} | {"units": str(told.units)}
    yield Event(Source.HUB, EventKind.CREATED, told.uid, told.asked, choice)
    yield Event(Source.HUB, EventKind.BOUND, told.uid, told.at)
    yield Event(Source.HUB, EventKind.READY, told.uid, told.at)


def _reason(told: ToldEnd) -> Event:
    said = {"code": told.reason or "", "sentence": told.sentence, "by": told.by}
    payload = {name: str(word) for name, word in said.items() if word}
    return Event(Source.HUB, EventKind.REASON, told.uid, told.at, payload)


def _start(told: ToldStart) -> Start:
    return Start(
        start=told.start,
        person=told.person,
        server=told.server,
        team=told.team,
        environment=told.environment,
        size=told.size,
        units=told.units,
        asked=told.asked,
        at=told.at,
        outcome=told.outcome,
        why=told.why,
        fault=told.fault,
        sentence=told.sentence,
        uid=told.uid,
    )
