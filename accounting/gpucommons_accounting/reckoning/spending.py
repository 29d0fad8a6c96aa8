"""What people and teams were charged for in a period, as their budgets count it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gpucommons_contract import GPU_HOURS, SubjectKind

from gpucommons_accounting.reckoning.budgets import Subject
from gpucommons_accounting.reckoning.calendar import Period, in_hours
from gpucommons_accounting.reckoning.prices import PriceList
from gpucommons_accounting.reckoning.report import NOBODY_KNOWN
from gpucommons_accounting.records.identity import Identities
from gpucommons_accounting.records.session import Session

_PLACES = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Spent:
    """Charged time, and what it costs as far as it has a price."""

    gpu_time: Decimal = Decimal(0)
    """GPU-microseconds."""
    money: Decimal = Decimal(0)

    def __add__(self, other: "Spent") -> "Spent":
        """Return both together."""
        return Spent(self.gpu_time + other.gpu_time, self.money + other.money)

    def __sub__(self, other: "Spent") -> "Spent":
        """Return this without the other."""
        return Spent(self.gpu_time - other.gpu_time, self.money - other.money)

    def amount(self, unit: str) -> Decimal:
        """Return it in a unit of budgets."""
        return in_hours(self.gpu_time) if unit == GPU_HOURS else self.money


Spending = Mapping[Subject, Spent]


def spending(
    sessions: Iterable[Session],
    period: Period,
    as_of: datetime,
    prices: PriceList,
    newest: Mapping[Subject, str],
    *,
    known: Identities = NOBODY_KNOWN,
) -> dict[Subject, Spent]:
    """Sum up what was charged in a period by person and by team.

    newest: which person and team of a name there is now (`identities`). What an earlier one of
    that name used is not theirs; what is recorded without saying whose is, unless that was before
    anybody who is known had the name.
    """
    found: dict[Subject, Spent] = defaultdict(Spent)
    for session in sessions:
        charges = list(prices.charges(session, period, as_of))
        if not charges:
            continue
        spent = Spent(
            sum((each.amount for each in charges), Decimal(0)),
            sum((_fine(each.cost) for each in charges if each.cost is not None), Decimal(0)),
        )
        for subject, own in identities(session, known).items():
            if is_theirs(subject, own, newest, known):
                found[subject] += spent
    return dict(found)


def _fine(cost: Decimal) -> Decimal:
    """Return a cost to billionths, so that sums do not depend on their order."""
    return cost.quantize(_PLACES)


def identities(session: Session, known: Identities = NOBODY_KNOWN) -> dict[Subject, str]:
    """Return whose a session is, with what sets them apart from others of the same name."""
    person, team = known.person_of(session), known.team_of(session)
    return {
        Subject(SubjectKind.PERSON, person.name): person.since,
        Subject(SubjectKind.TEAM, team.name): team.uid,
    }


def who_is_there(seen: Mapping[Subject, str], known: Identities) -> dict[Subject, str]:
    """Return which person and team of each name there is now; none of those who have left.

    seen: those who had a session lately.
    """
    found = dict(seen)
    for person in known.newest_people():
        subject = Subject(SubjectKind.PERSON, person.name)
        own = "" if person.left_at else person.since
        found[subject] = max(own, seen.get(subject, ""))
    for team in known.newest_teams():
        subject = Subject(SubjectKind.TEAM, team.name)
        found[subject] = seen.get(subject, "") if team.left_at else team.uid
    return found


def is_theirs(subject: Subject, own: str, newest: Mapping[Subject, str], known: Identities) -> bool:
    """Whether what is of this identity is of who has the name now."""
    if own:
        return newest.get(subject, own) == own
    return not known.has_name(subject.name, of_team=subject.kind is SubjectKind.TEAM)


def together(spendings: Iterable[Spending]) -> dict[Subject, Spent]:
    """Sum up what was reckoned of different sessions."""
    found: dict[Subject, Spent] = defaultdict(Spent)
    for spending in spendings:
        for subject, spent in spending.items():
            found[subject] += spent
    return dict(found)
