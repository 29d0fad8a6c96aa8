"""Made-up facts of sessions over three years, the same ones for the same seed.

2,000 people in 100 teams work by day, on what their team is used to: shares, MIG slices, whole GPUs
and several, four products, sessions without a GPU. Some leave them running over night or over the
weekend, some starts come to nothing, and of a few the end was not seen. Prices change twice.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gpucommons_accounting.reckoning.budgets.budget import Budget, PeriodKind, Rule, Subject
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.activity import QUARTER, Meter, quarter_of
from gpucommons_accounting.reckoning.use.prices import Price
from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.web.site import Site
from gpucommons_contract import GPU_HOURS, SubjectKind

SEED = 20
PEOPLE, TEAMS, DAYS = 2_000, 100, 3 * 365
CALENDAR = Calendar("Europe/Berlin")
BEGIN = datetime(2024, 1, 1, tzinfo=CALENDAR.zone).astimezone(UTC)
END = BEGIN + timedelta(days=DAYS)
_SIZES = (
    ("share", "mps", "0.25", "NVIDIA-A30"),
    ("slice", "mig", "0.142857", "NVIDIA-A100-SXM4-80GB"),
    ("gpu", "exclusive", "1", "NVIDIA-H100-80GB-HBM3"),
    ("pair", "exclusive", "2", "NVIDIA-L40S"),
    ("node", "exclusive", "8", "NVIDIA-H100-80GB-HBM3"),
    ("cpu", "", "0", ""),
)
_ODDS = (30, 15, 30, 10, 3, 12)
_ENVIRONMENTS = ("pytorch", "jax", "tensorflow", "r")
PRICES = [
    Price("NVIDIA-H100-80GB-HBM3", Decimal("1.20"), BEGIN),
    Price("NVIDIA-H100-80GB-HBM3", Decimal("1.35"), CALENDAR.month(2025, 3).begin),
    Price("", Decimal("0.333333"), BEGIN),
    Price("", Decimal("0.40"), CALENDAR.month(2026, 7).begin),
]
SITE = Site(CALENDAR, "EUR", 2)
PLANNED = "NVIDIA-H100-80GB-HBM3"
"""The product of which more is asked for."""
NODES = [
    NodeFact(f"node-{number:02}", BEGIN, NodeState.UP, PLANNED, Decimal(1)) for number in range(64)
]
BUDGETS = [
    Budget(Subject(kind, ""), unit, Rule.LIMITED, BEGIN, Decimal(10_000), PeriodKind.YEAR)
    for kind in SubjectKind
    for unit in (GPU_HOURS, "EUR")
]
YEAR = Period(CALENDAR.month(2025, 1).begin, CALENDAR.month(2026, 1).begin)
"""Of it how busy GPUs were is known, and it is asked for."""


@dataclass(frozen=True, slots=True)
class Made:
    """A session as it was made up: what others measure of it, and what it was in truth."""

    uid: str
    person: str
    team: str
    units: Decimal
    bound: datetime
    gone: datetime
    events: tuple[Event, ...]


def sessions(count: int, seed: int = SEED) -> Iterator[Made]:
    """Yield so many sessions, by when they begin."""
    chance = random.Random(seed)
    habits = [
        [*chance.choices(_SIZES, _ODDS, k=2), chance.choice(_ENVIRONMENTS)] for _ in range(PEOPLE)
    ]
    step = (END - BEGIN) / count
    for number in range(count):
        begin = _by_day(BEGIN + number * step, chance)
        who = chance.randrange(PEOPLE)
        yield _session(f"{number:08x}-{chance.getrandbits(64):016x}", who, begin, habits, chance)


def quarters(made: Made) -> Iterator[dict[str, object]]:
    """Yield rows of what was measured of a session: it worked, and then did nothing."""
    if not made.units or not YEAR.has(made.bound):
        return
    begin, works_until = quarter_of(made.bound), made.bound + (made.gone - made.bound) * 0.7
    while begin < made.gone:
        works = begin < works_until
        yield {
            "uid": made.uid,
            "begin": begin,
            "known_ms": 900_000,
            "busy_ms": 540_000 if works else 0,
            "idle_ms": 0 if works else 900_000,
            "peak_memory": None,
            "meter": str(Meter.PROMETHEUS),
        }
        begin += QUARTER


def _by_day(moment: datetime, chance: random.Random) -> datetime:
    """Move most of what begins at night into the day."""
    local = moment.astimezone(CALENDAR.zone)
    if local.hour < 8 and chance.random() < 0.9:
        moment += timedelta(hours=chance.uniform(8, 12) - local.hour)
    return moment


def _session(
    uid: str, who: int, begin: datetime, habits: list[list], chance: random.Random
) -> Made:
    first, second, environment = habits[who]
    size, mode, units, product = first if chance.random() < 0.7 else second
    person, team = f"person-{who:04}", f"team-{who % TEAMS:02}"
    bound = begin + timedelta(seconds=chance.expovariate(1 / 40))
    ready = bound + timedelta(seconds=chance.uniform(8, 240))
    length = timedelta(minutes=chance.lognormvariate(4.3, 1.1))
    fails = chance.random() < 0.03
    stop = (bound if fails else ready) + min(length, timedelta(days=5))
    gone = stop + timedelta(seconds=chance.uniform(1, 60))
    node = f"node-{chance.randrange(64):02}"
    said = {
        "person": person,
        "team": team,
        "team_uid": f"uid-of-{team}",
        "server": size,
        "environment": environment,
        "version": f"{begin:%Y.%m}",
        "size": size,
        "mode": mode,
        "units": units,
        "image": f"{environment}:{begin:%Y.%m}",
    }
    facts = [
        Event(Source.API_SERVER, EventKind.CREATED, uid, begin, said),
        Event(Source.API_SERVER, EventKind.BOUND, uid, bound, {"node": node, "product": product}),
        Event(Source.API_SERVER, EventKind.STOPPING, uid, stop),
    ]
    if not fails:
        facts.append(Event(Source.KUBELET, EventKind.READY, uid, ready))
    if chance.random() < 0.002:
        by = {"by": (gone + timedelta(minutes=chance.uniform(1, 90))).isoformat()}
        facts.append(Event(Source.ACCOUNTING, EventKind.MISSING, uid, gone, by))
    else:
        facts.append(Event(Source.KUBELET, EventKind.ENDED, uid, gone))
    return Made(uid, person, team, Decimal(units), bound, gone, tuple(facts))
