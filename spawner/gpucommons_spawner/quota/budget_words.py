"""What is said of budgets, on pages, in refusals and in sessions. Pure."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from gpucommons_contract import GPU_HOURS
from gpucommons_contract.formats.wording import moment
from gpucommons_contract.words import phrase, phrases, sentences

from gpucommons_spawner.catalogue.base import plainly
from gpucommons_spawner.quota.funds import Fund, Funds, Outage, Purse
from gpucommons_spawner.quota.ledger_entry import Holding

_HUNDREDTH = Decimal("0.01")
USED_UP = 100
"""Percent."""
_Rounding = Literal["ROUND_CEILING", "ROUND_FLOOR"]


def refusal(fund: Fund, purse: Purse, wanted: Holding, instead: str) -> str:
    """Say what is left, until when, and what is possible. instead: sizes that fit, in words."""
    takes = _amount(fund.balance.unit, purse.funds.wanted(fund, wanted), ROUND_CEILING)
    values = _left_values(fund, purse)
    if fund.team:
        said = phrase(
            "This start takes %(takes)s of the budget of the team %(team)s beforehand, and "
            "%(left)s of %(amount)s are left until %(moment)s.",
            takes=takes,
            team=fund.team,
            **values,
        )
    else:
        said = phrase(
            "This start takes %(takes)s of your budget beforehand, and %(left)s of %(amount)s are "
            "left until %(moment)s.",
            takes=takes,
            **values,
        )
    ask = phrase("Ask an administrator for more.")
    return sentences(said, _held(fund, purse), _possible(instead), ask)


def closed(outage: Outage, instead: str) -> str:
    """Say that nothing with a GPU starts while it is not known what is left."""
    return sentences(
        _not_known(outage),
        phrase("No session with a GPU starts until it answers."),
        _possible(instead),
        phrase("Tell an administrator."),
    )


def unchecked(outage: Outage) -> str:
    """Say what holds on a page while it is not known what is left."""
    if outage.closes:
        rule = phrase("No session with a GPU starts until it answers.")
    else:
        rule = phrase("Sessions start whatever is left.")
    return sentences(_not_known(outage), rule)


def left(purse: Purse) -> list[str]:
    """Say of each budget what is left; nothing while that is not known."""
    if purse.funds.outage:
        return []
    return [
        reached(fund) if (fund.balance.reached or 0) >= USED_UP else _left(fund, purse)
        for fund in purse.funds.each
    ]


def hourly(purse: Purse, wanted: Holding) -> str:
    """Say what an hour of a session takes, and what is left of the budget that lasts shortest.

    Empty for a session that takes nothing, and where there are neither budgets nor prices.
    """
    if not wanted.units:
        return ""
    funds, fund = purse.funds, purse.tightest(wanted)
    if fund is None:
        return _price(funds, wanted)
    unit = fund.balance.unit
    values = {
        "cost": _amount(unit, funds.hourly(unit, wanted), ROUND_CEILING),
        "left": _amount(unit, max(purse.room(fund), Decimal(0)), ROUND_FLOOR),
        "moment": moment(fund.balance.resets_at),
    }
    if funds.outage:
        return phrase("About %(cost)s per hour.", cost=values["cost"])
    if fund.team:
        return phrase(
            "About %(cost)s per hour; the team %(team)s has %(left)s left until %(moment)s.",
            team=fund.team,
            **values,
        )
    return phrase("About %(cost)s per hour; you have %(left)s left until %(moment)s.", **values)


def reached(fund: Fund) -> str:
    """Say that a budget is used up, or which part of it is, once it is time to; else empty."""
    percent, balance = fund.balance.reached, fund.balance
    if percent is None:
        return ""
    values = {
        "amount": _amount(balance.unit, balance.amount, ROUND_FLOOR),
        "moment": moment(balance.resets_at),
    }
    if percent < USED_UP:
        return _part_used(fund.team, percent, values)
    if fund.team:
        used = phrase(
            "The budget of the team %(team)s, %(amount)s, is used up until %(moment)s.",
            team=fund.team,
            **values,
        )
    else:
        used = phrase("Your budget of %(amount)s is used up until %(moment)s.", **values)
    if fund.refuses:
        follows = phrase("What runs goes on; nothing more starts with a GPU.")
    else:
        follows = phrase("What runs goes on, and more may start.")
    return sentences(used, follows)


def _part_used(team: str, percent: int, values: dict[str, str]) -> str:
    if team:
        return phrase(
            "%(percent)s%% of the budget of the team %(team)s, %(amount)s until %(moment)s, are "
            "used.",
            percent=percent,
            team=team,
            **values,
        )
    return phrase(
        "%(percent)s%% of your budget of %(amount)s until %(moment)s are used.",
        percent=percent,
        **values,
    )


def _left(fund: Fund, purse: Purse) -> str:
    values = _left_values(fund, purse)
    if fund.team:
        said = phrase(
            "The team %(team)s has %(left)s of %(amount)s left until %(moment)s.",
            team=fund.team,
            **values,
        )
    else:
        said = phrase("You have %(left)s of %(amount)s left until %(moment)s.", **values)
    return sentences(said, _held(fund, purse))


def _left_values(fund: Fund, purse: Purse) -> dict[str, str]:
    balance = fund.balance
    there = max(purse.room(fund), Decimal(0))
    return {
        "left": _number(balance.unit, there, ROUND_FLOOR),
        "amount": _amount(balance.unit, balance.amount, ROUND_FLOOR),
        "moment": moment(balance.resets_at),
    }


def _held(fund: Fund, purse: Purse) -> str:
    held = purse.held(fund)
    if not held:
        return ""
    return phrase(
        "Sessions hold %(held)s more; what they do not use of it is free once they stop.",
        held=_amount(fund.balance.unit, held, ROUND_CEILING),
    )


def _possible(instead: str) -> str:
    return phrase("Possible now: %(sizes)s.", sizes=instead) if instead else ""


def _not_known(outage: Outage) -> str:
    if outage.since is None:
        return phrase("What is left of budgets is not known: accounting does not answer.")
    return phrase(
        "What is left of budgets is not known: accounting has not answered since %(moment)s.",
        moment=moment(outage.since),
    )


def _price(funds: Funds, wanted: Holding) -> str:
    if not funds.currency or not (cost := funds.hourly(funds.currency, wanted)):
        return ""
    return phrase("About %(cost)s per hour.", cost=_amount(funds.currency, cost, ROUND_CEILING))


def _amount(unit: str, number: Decimal, rounding: _Rounding) -> str:
    written = _number(unit, number, rounding)
    if unit != GPU_HOURS:
        return f"{written} {unit}"
    count = 1 if written == "1" else 2
    return phrases("%(hours)s GPU-hour", "%(hours)s GPU-hours", count, hours=written)


def _number(unit: str, number: Decimal, rounding: _Rounding) -> str:
    rounded = number.quantize(_HUNDREDTH, rounding)
    return plainly(rounded) if unit == GPU_HOURS else f"{rounded:f}"
