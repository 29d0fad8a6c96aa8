"""Makes a session of what was learnt about it.

The result depends on the facts alone: not on their order, nor on how often each was learnt. So a
session can be derived again at any time, after a late fact as well, and is the same.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.reason import Reason, ReasonCode
from gpucommons_accounting.records.session import Choice, Flag, Session

_END_SOURCES = (
    Source.KUBELET,
    Source.API_SERVER,
    Source.HUB,
    Source.CULLER,
    Source.TELEMETRY,
    Source.ACCOUNTING,
    Source.IMPORT,
)
"""Whose word on the end counts, the best first."""
_REASON_SOURCES = (
    Source.CULLER,
    Source.HUB,
    Source.KUBELET,
    Source.API_SERVER,
    Source.IMPORT,
)
"""Whose word on the reason counts, the best first: who ended it knows more than who saw it end."""

_NOW = datetime.max.replace(tzinfo=UTC)
_MOST_UNITS, _PLACES = 1024, Decimal("1e-9")


def derive(events: Iterable[Event]) -> Session:
    """Return the session of these facts, which have one uid. Raises ValueError without any."""
    facts = sorted({event.key: event for event in events}.values(), key=_order)
    if not facts:
        raise ValueError("no session without a fact")
    described = _seen(_as_learnt(facts, EventKind.CREATED))
    created = described[0] if described else None
    asked = _first(facts, EventKind.ASKED)
    bindings = _seen(_as_learnt(facts, EventKind.BOUND))
    end, by, source = _end(facts)
    flags = set()
    choice = _choice(created)
    if created is None or choice is None:
        flags.add(Flag.NOT_DESCRIBED)
    begun = created or facts[0]
    requested = _utc(begun.at)
    if asked is not None:  # unless the hub's clock is ahead
        requested = min(requested, _utc(asked.at))
    if end is not None and end < requested:
        flags.add(Flag.CLOCKS_DISAGREE)
        end = by = requested
    if by != end:
        flags.add(Flag.END_UNCERTAIN)
    return Session(
        uid=facts[0].uid,
        choice=choice or Choice(),
        requested=requested,
        admitted=_moment(facts, EventKind.ADMITTED),
        bound=_utc(bindings[0].at) if bindings else None,
        ready=_ready(facts),
        stopping=_earliest(_moment(facts, EventKind.STOPPING), _moment(facts, EventKind.NODE_LOST)),
        gone=end,
        gone_by=by,
        end_source=source,
        node=_said(bindings, "node"),
        product=_said(bindings, "product"),
        reason=_reason(facts) if end is not None else None,
        flags=frozenset(flags | _odd(facts)),
    )


def _end(facts: list[Event]) -> tuple[datetime | None, datetime | None, Source | None]:
    """Return when it ended, by when at the latest, and who says so."""
    seen = max((event.at for event in facts if event.kind is EventKind.SEEN), default=None)
    ends = [
        event
        for event in facts
        if event.kind is EventKind.ENDED
        or (event.kind is EventKind.MISSING and not (seen and seen >= _latest(event)))
    ]
    if not ends:
        return None, None, None
    best = min(ends, key=lambda event: (_END_SOURCES.index(event.source), _order(event)))
    at = _utc(best.at)
    if best.kind is EventKind.MISSING:  # by accounting's own clock: it was there at least till then
        there = (EventKind.CREATED, EventKind.BOUND, EventKind.READY)
        at = max([at, *(_utc(event.at) for event in facts if event.kind in there)])
    return at, max(at, _latest(best)), best.source


def _latest(end: Event) -> datetime:
    if "by" in end.payload:
        return _utc(datetime.fromisoformat(end.payload["by"]))
    return _utc(end.at) + timedelta(seconds=float(end.payload.get("within_seconds", "0")))


def _reason(facts: list[Event]) -> Reason:
    """Put together what each source knows: the best that names one, and the best with a word."""
    said = [event for event in facts if event.kind is EventKind.REASON]
    said.sort(key=lambda event: (_REASON_SOURCES.index(event.source), _order(event)))
    code = ReasonCode(_said(said, "code") or _unsaid(facts))
    return Reason(code, _said(said, "sentence"), _said(said, "by"))


def _unsaid(facts: list[Event]) -> ReasonCode:
    """Return why it ended as far as that follows from what happened to it."""
    if _first(facts, EventKind.NODE_LOST):
        return ReasonCode.NODE_LOST
    if _first(facts, EventKind.STOPPING):
        return ReasonCode.DELETED
    return ReasonCode.UNKNOWN


def _odd(facts: list[Event]) -> set[Flag]:
    """Find what its sources contradict each other in: what came later happened sooner."""
    order = [
        moment
        for kind in (EventKind.BOUND, EventKind.READY, EventKind.ENDED)
        if (moment := _moment(facts, kind)) is not None
    ]
    return {Flag.CLOCKS_DISAGREE} if order != sorted(order) else set()


def _choice(created: Event | None) -> Choice | None:
    """Return whose it is; None where that is not said, or in no way that makes sense."""
    if created is None:
        return None
    said = dict(created.payload)
    try:
        units = Decimal(said.pop("units", "0"))
    except InvalidOperation:
        return None
    if not (units.is_finite() and 0 <= units <= _MOST_UNITS):
        return None
    known = {name: said.get(name, "") for name in Choice.__slots__ if name != "units"}
    return Choice(**known, units=units.quantize(_PLACES).normalize() + 0)


def _ready(facts: list[Event]) -> datetime | None:
    """Return since when it was ready: as the hub let people in, else as its kubelet saw it, and
    where nobody did, since when its container ran.
    """
    ready = [event for event in facts if event.kind is EventKind.READY]
    told = [event for event in ready if event.source is Source.HUB]
    seen = [event for event in ready if "container" not in event.payload]
    return _utc((told or seen or ready)[0].at) if ready else None


def _as_learnt(facts: list[Event], kind: EventKind) -> list[Event]:
    """Return the facts of a kind, what was learnt first before what was learnt later.

    Of one moment there may be two: a node may be called otherwise later, which changes nothing of
    what was on it before.
    """
    found = [event for event in facts if event.kind is kind]
    return sorted(found, key=lambda event: (event.at, event.learnt or _NOW, event.key))


def _seen(facts: list[Event]) -> list[Event]:
    """Leave out what the hub says of a pod, where the pod itself was seen."""
    return [each for each in facts if each.source is not Source.HUB] or facts


def _order(event: Event) -> tuple[datetime, str]:
    return event.at, event.key


def _said(facts: list[Event], name: str) -> str:
    """Return what the first fact says that says anything of it."""
    return next((word for event in facts if (word := event.payload.get(name))), "")


def _first(facts: list[Event], kind: EventKind) -> Event | None:
    return next((event for event in facts if event.kind is kind), None)


def _moment(facts: list[Event], kind: EventKind) -> datetime | None:
    found = _first(facts, kind)
    return _utc(found.at) if found else None


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
