"""Who is to be told how far which budget is used. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC

from gpucommons_contract import SubjectKind

from gpucommons_accounting.database.budget_mails import Told
from gpucommons_accounting.records.identity import Identities, Person, PersonId, Team, moment_of
from gpucommons_accounting.web.budgets.balance_sheet import Sheet
from gpucommons_accounting.web.budgets.words import BalanceLine, line_of

_Receivers = tuple[str, str, list[PersonId]]
"""What tells a person or team from others of its name, what a team is called, and who is told."""


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """Of one budget, to one person."""

    told: Told
    percent: int
    line: BalanceLine
    team: str
    """What people call the team; empty for the receiver's own budget."""


def due_warnings(
    sheet: Sheet, known: Identities, told: Mapping[Told, int]
) -> Iterator[BudgetWarning]:
    """Yield what was not told yet: of a person's budget to them, of a team's to its leads.

    Who reached two percents since the last look is told the higher one alone.
    """
    people = {each.name: each for each in known.newest_people()}
    teams = {each.name: each for each in known.newest_teams()}
    for balance in sheet.balances.named():
        percent = balance.reached
        if percent is None or balance.used <= 0:
            continue
        if balance.kind is SubjectKind.PERSON:
            own_id, title, receivers = _themselves(people.get(balance.name))
        else:
            own_id, title, receivers = _leads(teams.get(balance.name), people)
        resets_at = balance.resets_at.astimezone(UTC)
        for receiver in receivers:
            about = Told(balance.kind, balance.name, own_id, balance.unit, resets_at, receiver)
            if percent > told.get(about, -1):
                yield BudgetWarning(about, percent, line_of(balance, sheet), title)


def _themselves(person: Person | None) -> _Receivers:
    if person is None or person.left_at is not None:
        return "", "", []
    return person.since, "", [person.id]


def _leads(team: Team | None, people: Mapping[str, Person]) -> _Receivers:
    if team is None or team.left_at is not None:
        return "", "", []
    leads = [PersonId(*each) for each in sorted(team.leads.items())]
    found = [each for each in leads if _still_leads(team, each, people.get(each.name))]
    return team.uid, team.display_name, found


def _still_leads(team: Team, lead: PersonId, person: Person | None) -> bool:
    """Whether whoever has a lead's name now is that lead; nobody is known before they start.

    What is no moment at all is since when nobody has an account.
    """
    if person is None:
        return not lead.since or moment_of(lead.since) is not None
    return person.left_at is None and team.is_led_by(person.id)
