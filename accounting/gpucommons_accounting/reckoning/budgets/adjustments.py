"""What was granted and refunded. Records stay as they are; adjustments stand beside them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gpucommons_contract import SubjectKind

from gpucommons_accounting.reckoning.budgets.budget import Subject
from gpucommons_accounting.reckoning.budgets.spending import Spent, is_theirs
from gpucommons_accounting.records.identity import Identities, PersonId, TeamId


class AdjustmentKind(StrEnum):
    """What it changes."""

    GRANT = "grant"
    """A budget is larger in one period. Nothing costs less for it."""
    REFUND = "refund"
    """Something counts as not charged: it is in reports, and leaves room in budgets."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One, which is never edited. Below zero it takes back what an earlier one gave."""

    kind: AdjustmentKind
    person: str
    team: str
    """Whose it is. A refund of a session is both its person's and its team's."""
    gpu_time: Decimal
    """GPU-microseconds."""
    money: Decimal
    currency: str
    effective_at: datetime
    """In whose period it counts."""
    made_at: datetime
    by: str
    reason: str
    session: str = ""
    """The uid of the session that it is about."""
    person_since: str = ""
    team_uid: str = ""
    asked: datetime | None = None
    """Whose that session is among those of their names, and when it was asked for; it says so."""

    def concerns(self, subject: Subject) -> bool:
        """Whether it is this person's or this team's."""
        own = self.person if subject.kind is SubjectKind.PERSON else self.team
        return bool(own) and own == subject.name

    def person_meant(self, known: Identities) -> PersonId:
        """Return whose it is: of several who had the name, who had it then."""
        return known.person(self.person, self.person_since, self.asked or self.made_at)

    def team_meant(self, known: Identities) -> TeamId:
        """Return which team's it is, in the same way."""
        return known.team(self.team, self.team_uid, self.asked or self.made_at)

    def given(self, currency: str) -> Spent:
        """Return how much it is; money of another currency counts as none."""
        return Spent.of(self.gpu_time, self.money if self.currency == currency else Decimal(0))


def of_those_there(
    adjustments: Iterable[Adjustment], newest: Mapping[Subject, str], known: Identities
) -> Iterator[Adjustment]:
    """Yield adjustments without the names of those who had them before who has them now."""
    for each in adjustments:
        person, team = each.person_meant(known), each.team_meant(known)
        of_person = is_theirs(Subject(SubjectKind.PERSON, person.name), person.since, newest, known)
        of_team = is_theirs(Subject(SubjectKind.TEAM, team.name), team.uid, newest, known)
        yield replace(
            each, person=each.person if of_person else "", team=each.team if of_team else ""
        )


def adjusted(
    adjustments: Iterable[Adjustment], kind: AdjustmentKind, subject: Subject, currency: str
) -> Spent:
    """Sum up those of one kind that concern a subject."""
    found = Spent()
    for each in adjustments:
        if each.kind is kind and each.concerns(subject):
            found += each.given(currency)
    return found
