"""Facts of sessions, in few words."""

from datetime import UTC, datetime, timedelta

from gpucommons_accounting.records.deriving import derive
from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.session import Session

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    """Read a moment, in UTC unless it says otherwise."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def fact(kind: str, moment: str | datetime, source: Source = Source.API_SERVER, **payload: str):
    when = at(moment) if isinstance(moment, str) else moment
    return lambda uid="a": Event(source, EventKind(kind), uid, when, payload)


def facts(
    begin: str | datetime, end: str | datetime | None, uid: str = "a", **choice: str
) -> list[Event]:
    """What is learnt of a session that was there at once, and for which all sources spoke."""
    said = {"person": "ada", "team": "vision", "size": "gpu", "units": "1"} | choice
    product = said.pop("product", "H100")
    found = [
        fact("created", begin, **said)(uid),
        fact("bound", begin, node="n1", product=product)(uid),
        fact("ready", begin, Source.KUBELET)(uid),
    ]
    if end:
        found.append(fact("ended", end, Source.KUBELET)(uid))
    return found


def session(begin: str | datetime, end: str | datetime | None, uid="a", **choice: str) -> Session:
    return derive(facts(begin, end, uid, **choice))


def later(text: str, **span: float) -> datetime:
    return at(text) + timedelta(**span)
