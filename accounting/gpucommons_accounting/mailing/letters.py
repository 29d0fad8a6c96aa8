"""What a mail about a budget says. Pure."""

from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from urllib.parse import quote

from gpucommons_contract import AtLimit, SubjectKind
from gpucommons_contract.words import phrase, phrases, spoken
from gpucommons_upkeep.mail import Letter

from gpucommons_accounting.web.budgets.words import BalanceLine, amount_of, clock, quantity

_USED_UP = 100


@dataclass(frozen=True, slots=True)
class Place:
    """What letters say of the site."""

    zone: tzinfo
    usage_url: str = ""
    """Where people see what they used, with a slash at its end; empty: no link."""


def letter(line: BalanceLine, percent: int, team: str, place: Place) -> Letter:
    """Say what is left, until when, and what is still possible, in the language of this task.

    percent: which part of the budget was reached. team: what people call the team; empty for the
    budget of the reader.
    """
    used_up = percent >= _USED_UP
    paragraphs = [
        [_left(line, team, place), _pace(line)],
        [_follows(line, used_up=used_up), phrase("Sessions without a GPU can always be started.")],
        [phrase("Ask an administrator for more.")],
        [_link(line, place)],
    ]
    written = [" ".join(str(spoken(each)) for each in some if each) for some in paragraphs]
    text = "\n\n".join(each for each in written if each) + "\n"
    subject = str(spoken(_subject(percent, team, used_up=used_up)))
    return Letter(" ".join(subject.split()), text)  # whatever a team is called, it is one line


def _subject(percent: int, team: str, *, used_up: bool) -> str:
    if used_up:
        if team:
            return phrase("The budget of the team %(team)s is used up", team=team)
        return phrase("Your budget is used up")
    if team:
        return phrase(
            "%(percent)s%% of the budget of the team %(team)s are used", percent=percent, team=team
        )
    return phrase("%(percent)s%% of your budget are used", percent=percent)


def _left(line: BalanceLine, team: str, place: Place) -> str:
    balance = line.balance
    values = {
        "left": amount_of(max(balance.left, Decimal(0)), balance.unit),
        "amount": quantity(balance.amount, balance.unit),
        "moment": clock(balance.resets_at, place.zone),
    }
    if team:
        return phrase(
            "The team %(team)s has %(left)s of %(amount)s left until %(moment)s.",
            team=team,
            **values,
        )
    return phrase("You have %(left)s of %(amount)s left until %(moment)s.", **values)


def _pace(line: BalanceLine) -> str:
    if line.days is None:
        return ""
    return phrases(
        "At this pace it lasts %(count)d more day.",
        "At this pace it lasts %(count)d more days.",
        line.days,
    )


def _follows(line: BalanceLine, *, used_up: bool) -> str:
    if line.balance.at_limit is not AtLimit.DENY:
        return phrase("What runs goes on, and more may start.")
    if used_up:
        return phrase("What runs goes on; nothing more starts with a GPU.")
    return phrase("What runs goes on. Once nothing is left, nothing more starts with a GPU.")


def _link(line: BalanceLine, place: Place) -> str:
    if not place.usage_url:
        return ""
    balance = line.balance
    own = balance.kind is SubjectKind.PERSON
    url = place.usage_url if own else f"{place.usage_url}team/{quote(balance.name, safe='')}"
    return phrase("What was used: %(url)s", url=url)
