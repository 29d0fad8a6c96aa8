"""What people and teams were charged for in a period, as their budgets count it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from gpucommons_contract import GPU_HOURS, SubjectKind

from gpucommons_accounting.reckoning.budgets.budget import Subject
from gpucommons_accounting.reckoning.periods.calendar import in_hours
from gpucommons_accounting.reckoning.use.exact import EXACT
from gpucommons_accounting.reckoning.use.report import NOBODY_KNOWN, By, Report
from gpucommons_accounting.records.identity import Identities
from gpucommons_accounting.records.session import Session

KINDS = {By.PERSON: SubjectKind.PERSON, By.TEAM: SubjectKind.TEAM}
"""Whose budgets there are, by the reports that have what they were charged for."""
_HOUR = Decimal(3_600_000_000)


@dataclass(frozen=True, slots=True)
class Spent:
    """Charged time, and what it costs as far as it has a price. No sum of them is rounded."""

    gpu_time: Decimal = Decimal(0)
    """GPU-microseconds."""
    priced: Decimal = Decimal(0)
    """GPU-microseconds, each times its rate: an hour's cost is seldom a decimal number."""

    @classmethod
    def of(cls, gpu_time: Decimal, money: Decimal) -> "Spent":
        """Return so many GPU-microseconds and so much money."""
        return cls(gpu_time, EXACT.multiply(money, _HOUR))

    @property
    def money(self) -> Decimal:
        """In the site's currency, with all digits."""
        return in_hours(self.priced)

    def __add__(self, other: "Spent") -> "Spent":
        """Return both together."""
        return Spent(EXACT.add(self.gpu_time, other.gpu_time), EXACT.add(self.priced, other.priced))

    def __sub__(self, other: "Spent") -> "Spent":
        """Return this without the other."""
        return Spent(
            EXACT.subtract(self.gpu_time, other.gpu_time),
            EXACT.subtract(self.priced, other.priced),
        )

    def amount(self, unit: str) -> Decimal:
        """Return it in a unit of budgets."""
        return in_hours(self.gpu_time) if unit == GPU_HOURS else self.money


Spending = Mapping[Subject, Spent]


class Owner(NamedTuple):
    """Whose something is, by what sets them apart from others of the same name."""

    subject: Subject
    own: str
    """Since when a person has their account, or the uid of a team; empty where nobody knows."""


Charged = Mapping[Owner, Spent]


def charged_by(session: Session, known: Identities) -> list[Owner]:
    """Return whom a session is charged to."""
    return [Owner(subject, own) for subject, own in identities(session, known).items()]


def charged_in(said: Report, by: By) -> dict[Owner, Spent]:
    """Return what a report by person or by team says that each was charged for."""
    return {
        Owner(Subject(KINDS[by], line.name), line.about.id): Spent(line.usage.charged, line.priced)
        for line in said.lines
    }


def spending(
    charged: Charged, newest: Mapping[Subject, str], known: Identities
) -> dict[Subject, Spent]:
    """Return what those who are there now were charged for.

    newest: which person and team of a name there is now (`identities`). What an earlier one of
    that name used is not theirs; what is recorded without saying whose is, unless that was before
    anybody who is known had the name.
    """
    found: dict[Subject, Spent] = {}
    for (subject, own), spent in charged.items():
        if spent.gpu_time and is_theirs(subject, own, newest, known):
            before = found.get(subject)
            found[subject] = spent if before is None else before + spent
    return found


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
