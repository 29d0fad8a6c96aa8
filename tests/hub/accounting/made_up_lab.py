"""October and November of a lab that is made up, the same each time: for pictures of pages.

Whoever wants a GPU that nobody has gets it as the replay of starts says; so waits and fullness go
together as they do in a lab.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gpucommons_accounting.database.people.identities import SeenTeam
from gpucommons_accounting.database.people.looks import Look
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind
from gpucommons_accounting.reckoning.budgets.budget import Budget, PeriodKind, Rule, Subject
from gpucommons_accounting.reckoning.budgets.refunds import GPU_HOUR
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState
from gpucommons_accounting.reckoning.capacity.replay import Ask, Change, replay
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.activity import QUARTER, Activity, quarter_of
from gpucommons_accounting.reckoning.use.prices import Price
from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.records.start import Start
from gpucommons_contract import GPU_HOURS, AtLimit, SubjectKind
from gpucommons_contract.told import StartFault, StartOutcome

CALENDAR = Calendar("Europe/Berlin")
NOW = datetime(2026, 11, 26, 15, 40, tzinfo=CALENDAR.zone).astimezone(UTC)
SINCE = "2026-01-07T08:00:00.000001Z"
"""When everybody's account was made."""
HOLD_HOURS = Decimal(4)
_BEGIN = datetime(2026, 10, 1, tzinfo=CALENDAR.zone).astimezone(UTC)
_H100, _A30 = "NVIDIA-H100-80GB-HBM3", "NVIDIA-A30"
_TEAMS = {"vision": "Computer vision", "speech": "Speech", "biology": "Biology"}
_PEOPLE = {
    **dict.fromkeys(("ada", "ben", "cleo", "dora"), "vision"),
    **dict.fromkeys(("eli", "finn", "gita"), "speech"),
    **dict.fromkeys(("hugo", "iris"), "biology"),
}
_SIZES = {
    "h100": (_H100, "exclusive", Decimal(1)),
    "h100-2": (_H100, "exclusive", Decimal(2)),
    "a30-quarter": (_A30, "mps", Decimal("0.25")),
}
_NODES = {"gpu-1": (_H100, 4), "gpu-2": (_H100, 1), "gpu-3": (_A30, 1)}
_ENVIRONMENTS = {"pytorch": "PyTorch", "tensorflow": "TensorFlow", "scipy": "SciPy"}
_LONGEST = timedelta(hours=12)
_ENDS = (
    ("person", "{person} stopped it.", 60),
    ("idle", "Nothing ran for 60 minutes.", 30),
    ("out-of-memory", "It needed more memory than its size has.", 4),
)
_OVER = ("max-duration", "It had run for 12 hours, the longest for this size.", 1)


class Titles:
    """What the lab's catalogue calls them."""

    def environment(self, name: str) -> str:
        """Return the title of an environment."""
        return _ENVIRONMENTS.get(name, name)

    def size(self, name: str) -> str:
        """Return the title of a size."""
        return {
            "h100": "One H100",
            "h100-2": "Two H100",
            "a30-quarter": "A quarter of an A30",
        }.get(name, name)


@dataclass(frozen=True, slots=True)
class _Wish:
    """Somebody presses *Start*."""

    uid: str
    person: str
    size: str
    environment: str
    at: datetime
    length: timedelta
    patience: timedelta

    @property
    def ask(self) -> Ask:
        _, _, units = _SIZES[self.size]
        return Ask(self.at, units, self.length, self.at + self.patience)


def fill(store: Store) -> None:
    """Write it down."""
    chance = random.Random(20)
    for name, (product, gpus) in _NODES.items():
        store.note_node(NodeFact(name, _BEGIN, NodeState.UP, product, Decimal(gpus)))
    down = datetime(2026, 11, 18, 5, tzinfo=UTC)
    store.note_node(NodeFact("gpu-2", down, NodeState.CORDONED, _H100, Decimal(1)))
    store.note_node(NodeFact("gpu-2", down + timedelta(hours=11), NodeState.UP, _H100, Decimal(1)))
    for product, rate in ((_H100, "2.40"), (_A30, "0.80")):
        store.set_price(Price(product, Decimal(rate), _BEGIN), "root", _BEGIN)
    teams = [
        SeenTeam(f"uid-of-{name}", name, title, _BEGIN, {"ben": ""} if name == "vision" else {})
        for name, title in _TEAMS.items()
    ]
    store.people_and_teams.see_teams(teams, _BEGIN)
    store.people_and_teams.meet([PersonId(name, SINCE) for name in [*_PEOPLE, "root"]])
    wishes = list(_wishes(chance))
    events: list[Event] = []
    measured: list[Activity] = []
    starts: list[Start] = []
    for product in (_H100, _A30):
        asked = [each for each in wishes if _SIZES[each.size][0] == product]
        gpus = sum(count for kind, count in _NODES.values() if kind == product)
        for wish, wait in zip(
            asked,
            replay([each.ask for each in asked], [Change(_BEGIN, Decimal(gpus))], NOW),
            strict=True,
        ):
            had = wish.at + wait.length if wait.over else None
            events += _facts(wish, had, chance)
            starts.append(_start(wish, had))
            if had is not None:
                measured += _measured(wish, had, chance)
    starts += [_refused(number, chance) for number in range(14)]
    store.add(events, NOW)
    store.starts.add(starts)
    store.activities.keep(measured)
    _budgets(store)
    store.looks.add(
        Look(NOW - timedelta(days=2, hours=5), "root", PersonId("ada", SINCE), "sessions")
    )
    store.beat(NOW)
    store.make_totals()


def _wishes(chance: random.Random) -> Iterator[_Wish]:
    habits = {
        person: (chance.choice([*_SIZES, "h100", "a30-quarter"]), chance.choice([*_ENVIRONMENTS]))
        for person in _PEOPLE
    }
    habits["ada"] = ("h100", "pytorch")
    number = 0
    for day, period in CALENDAR.days(Period(_BEGIN, NOW)):
        for person, (usual, environment) in habits.items():
            weekend = day.weekday() > 4
            for _ in range(chance.choice([0, 0, 0, 1]) if weekend else chance.choice([1, 1, 2])):
                number += 1
                begin = period.begin + timedelta(hours=chance.triangular(7.5, 20, 9.5))
                length = timedelta(hours=chance.lognormvariate(1.3, 0.7))
                size = usual if chance.random() < 0.75 else chance.choice([*_SIZES])
                patience = timedelta(minutes=chance.uniform(15, 240))
                if begin < NOW:
                    yield _Wish(
                        f"{number:04}-of-{person}",
                        person,
                        size,
                        environment,
                        begin,
                        min(length, _LONGEST),
                        patience,
                    )


def _facts(wish: _Wish, had: datetime | None, chance: random.Random) -> Iterator[Event]:
    product, mode, units = _SIZES[wish.size]
    team = _PEOPLE[wish.person]
    said = {
        "person": wish.person,
        "person_since": SINCE,
        "team": team,
        "team_uid": f"uid-of-{team}",
        "server": "",
        "environment": wish.environment,
        "version": "2026.11",
        "size": wish.size,
        "mode": mode,
        "units": str(units),
        "image": f"{wish.environment}:2026.11",
    }
    yield Event(Source.API_SERVER, EventKind.CREATED, wish.uid, wish.at, said)
    if had is None:
        gone = wish.at + wish.patience
        if gone < NOW:
            said = {"code": "person", "sentence": f"{wish.person} stopped it.", "by": wish.person}
            yield Event(Source.HUB, EventKind.REASON, wish.uid, gone, said)
            yield Event(Source.API_SERVER, EventKind.ENDED, wish.uid, gone)
        return
    node = chance.choice([name for name, (kind, _) in _NODES.items() if kind == product])
    bound = {"node": node, "product": product}
    yield Event(Source.API_SERVER, EventKind.BOUND, wish.uid, had, bound)
    ready = had + timedelta(seconds=chance.uniform(9, 40))
    if ready < NOW:
        yield Event(Source.KUBELET, EventKind.READY, wish.uid, ready)
    gone = had + wish.length
    if gone >= NOW:
        return
    chosen = chance.choices(_ENDS, [weight for *_, weight in _ENDS])[0]
    code, sentence, _ = _OVER if wish.length == _LONGEST else chosen
    by = wish.person if code == "person" else ""
    said = {"code": code, "sentence": sentence.format(person=wish.person), "by": by}
    source = Source.CULLER if code == "idle" else Source.HUB
    yield Event(source, EventKind.REASON, wish.uid, gone, said)
    if chance.random() < 0.01:
        latest = {"by": (gone + timedelta(minutes=chance.uniform(3, 60))).isoformat()}
        yield Event(Source.ACCOUNTING, EventKind.MISSING, wish.uid, gone, latest)
    else:
        yield Event(Source.KUBELET, EventKind.ENDED, wish.uid, gone)


def _measured(wish: _Wish, had: datetime, chance: random.Random) -> Iterator[Activity]:
    """Yield how busy its GPU was: at work, then idle for a while; of some nobody knows it."""
    end = min(had + wish.length, NOW)
    works_until = had + (end - had) * chance.triangular(0.3, 1, 0.85)
    load = Decimal(str(round(chance.uniform(0.25, 0.95), 2)))
    begin = quarter_of(had)
    while begin < end:
        known = Decimal(round((min(begin + QUARTER, end) - max(begin, had)).total_seconds()))
        if chance.random() < 0.93:
            works = begin < works_until
            busy, idle = (known * load, Decimal(0)) if works else (Decimal(0), known)
            yield Activity(wish.uid, begin, known, busy, idle)
        begin += QUARTER


def _start(wish: _Wish, had: datetime | None) -> Start:
    ended = had or min(wish.at + wish.patience, NOW)
    return Start(
        start=f"start-{wish.uid}",
        person=wish.person,
        server="",
        team=_PEOPLE[wish.person],
        environment=wish.environment,
        size=wish.size,
        units=_SIZES[wish.size][2],
        asked=wish.at,
        at=ended,
        outcome=StartOutcome.READY if had else StartOutcome.GIVEN_UP,
        why="" if had else "full",
        fault=StartFault.NOBODY if had else StartFault.CAPACITY,
        sentence="",
        uid=wish.uid,
    )


def _refused(number: int, chance: random.Random) -> Start:
    person = chance.choice([*_PEOPLE])
    at = NOW - timedelta(days=chance.uniform(1, 24))
    why = chance.choice(["quota", "quota", "budget"])
    return Start(
        start=f"refused-{number}",
        person=person,
        server="",
        team=_PEOPLE[person],
        environment="pytorch",
        size="h100-2",
        units=Decimal(2),
        asked=at,
        at=at,
        outcome=StartOutcome.REFUSED,
        why=why,
        fault=StartFault.NOBODY,
        sentence="",
        uid="",
    )


def _budgets(store: Store) -> None:
    """Set those that most labs begin with, and some that differ."""
    person, team = SubjectKind.PERSON, SubjectKind.TEAM
    for subject, unit, amount, period, at_limit in (
        (Subject(person, ""), GPU_HOURS, 120, PeriodKind.MONTH, AtLimit.WARN),
        (Subject(person, "ada"), GPU_HOURS, 150, PeriodKind.MONTH, AtLimit.DENY),
        (Subject(team, "vision"), GPU_HOURS, 1500, PeriodKind.QUARTER, AtLimit.DENY),
        (Subject(team, ""), "EUR", 9000, PeriodKind.YEAR, AtLimit.WARN),
    ):
        budget = Budget(
            subject, unit, Rule.LIMITED, _BEGIN, Decimal(amount), period, at_limit=at_limit
        )
        store.budgets.set_budget(budget, "root", _BEGIN)
    for kind, hours, reason, days in (
        (AdjustmentKind.GRANT, 20, "Deadline of the conference.", 9),
        (AdjustmentKind.REFUND, 3, "Storage was slow on Monday.", 3),
    ):
        when = NOW - timedelta(days=days)
        amounts = Decimal(hours * GPU_HOUR), Decimal(0), "EUR"
        store.budgets.adjust(Adjustment(kind, "ada", "", *amounts, when, when, "root", reason))
