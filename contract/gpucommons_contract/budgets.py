"""What is left of budgets: accounting tells the hub, which lets a start take hours beforehand.

The hub asks for all of them at once, at `Endpoint.BALANCES` of the accounting service, and adds
what ran since `Balances.as_of`: it knows its own sessions better.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from gpucommons_contract.formats.names import ACCOUNTING_SERVICE, READ_BALANCES_SCOPE
from gpucommons_contract.formats.wording import read_moment

GPU_HOURS = "gpu-hours"
"""Unit of a budget that is no money. Those of money have the currency's ISO 4217 code."""
BALANCES_SCOPES = (f"access:services!service={ACCOUNTING_SERVICE}", READ_BALANCES_SCOPE)
"""What the hub's own service may do to be told of everybody's balance, and nothing else."""
_CURRENCY = re.compile(r"[A-Z]{3}")


class BalancesError(ValueError):
    """What was sent are no balances; the text says what is wrong with them."""


class SubjectKind(StrEnum):
    """Whose a budget is."""

    PERSON = "person"
    TEAM = "team"


class AtLimit(StrEnum):
    """What happens to a start once nothing is left. What runs goes on."""

    WARN = "warn"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Balance:
    """A budget in the period that runs, and what is left of it.

    A start is charged to its person and its team; it needs room in every balance of both.
    """

    kind: SubjectKind
    name: str
    """Of the person or the team. Empty: the budget that each has who has none of their own."""
    unit: str
    """`GPU_HOURS`, or the currency's code, such as ``EUR``."""
    amount: Decimal
    """Of the whole period, with what was granted in addition."""
    left: Decimal
    """Amount and refunds less what was charged until `Balances.as_of`; below 0 once overdrawn.
    Of the one that each has: the amount.
    """
    resets_at: datetime
    """When its next period begins by the site's clock, or a term ends; with the site's offset."""
    period: str = "month"
    """``month``, ``quarter``, ``year`` or ``term``."""
    at_limit: AtLimit = AtLimit.WARN
    warn_at: tuple[int, ...] = (80, 100)
    """Percent of the amount."""
    left_by_name: Mapping[str, Decimal] = field(default_factory=dict)
    """Of the one that each has: what is left to those who used some of it."""
    exempt: frozenset[str] = frozenset()
    """Of the one that each has: those to whom it does not apply, since they have one of their own
    in this unit, or no limit.
    """

    @property
    def used(self) -> Decimal:
        """What was charged, less refunds."""
        return self.amount - self.left

    @property
    def used_percent(self) -> Decimal:
        """Which part of the amount was used; 100 where there is nothing to use."""
        return 100 * self.used / self.amount if self.amount else Decimal(100)

    @property
    def reached(self) -> int | None:
        """The highest of the percents to warn at that was reached; None below all."""
        return max((each for each in self.warn_at if self.used_percent >= each), default=None)

    def applied_to(self, name: str) -> "Balance | None":
        """Return the balance of somebody; None where this one does not apply to them."""
        if self.name:
            return self if self.name == name else None
        if name in self.exempt:
            return None
        left = self.left_by_name.get(name, self.amount)
        return replace(self, name=name, left=left, left_by_name={}, exempt=frozenset())


@dataclass(frozen=True, slots=True)
class Balances:
    """All budgets in force, and what the hub needs to reckon with them."""

    as_of: datetime
    """Until when everything charged is in them, UTC."""
    time_zone: str
    """The site's, an IANA name."""
    currency: str
    hold_hours: Decimal
    """How many hours of a session its start takes beforehand at most; renewed while it runs."""
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    """What an hour of one GPU costs now, by product; under an empty name that of all others."""
    balances: tuple[Balance, ...] = ()

    def of(self, kind: SubjectKind, name: str) -> tuple[Balance, ...]:
        """Return all that apply to a person or a team: at most one in each unit."""
        found = (each.applied_to(name) for each in self.balances if each.kind is kind)
        return tuple(each for each in found if each is not None)

    def named(self) -> Iterator[Balance]:
        """Yield all by name; of one that each has, those of which something was used."""
        for balance in self.balances:
            names = balance.left_by_name if not balance.name else (balance.name,)
            yield from (each for name in names if (each := balance.applied_to(name)))

    def rate(self, product: str) -> Decimal | None:
        """Return what an hour of one GPU of a product costs; None where that is not known."""
        return self.rates.get(product, self.rates.get(""))

    def to_json(self) -> str:
        """Write them as accounting sends them: numbers as texts, so that no digit is lost."""
        return json.dumps(
            {
                "as_of": self.as_of.isoformat(),
                "time_zone": self.time_zone,
                "currency": self.currency,
                "hold_hours": _written(self.hold_hours),
                "rates": _all_written(self.rates),
                "balances": [_row(each) for each in self.balances],
            }
        )


def read_balances(text: str | bytes) -> Balances:
    """Read what accounting sent. Raises BalancesError.

    Keys that are not known are of a newer service, and are passed over.
    """
    try:
        said = json.loads(text)
        return Balances(
            as_of=read_moment(said["as_of"]),
            time_zone=_text(said["time_zone"]),
            currency=_text(said["currency"]),
            hold_hours=_number(said["hold_hours"]),
            rates=_numbers(said["rates"]),
            balances=tuple(_balance(each) for each in said["balances"]),
        )
    except KeyError as error:
        raise BalancesError(f"The balances lack {error.args[0]}.") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BalancesError(f"These are no balances: {error}.") from error


def _balance(said: Mapping[str, Any]) -> Balance:
    unit, resets_at = _text(said["unit"]), datetime.fromisoformat(said["resets_at"])
    if unit != GPU_HOURS and not _CURRENCY.fullmatch(unit):
        raise ValueError(f"{unit!r} is neither {GPU_HOURS} nor a currency's code")
    if resets_at.tzinfo is None:
        raise ValueError(f"{resets_at} has no time zone")
    return Balance(
        kind=SubjectKind(said["kind"]),
        name=_text(said["name"]),
        unit=unit,
        amount=_number(said["amount"]),
        left=_number(said["left"]),
        resets_at=resets_at,
        period=_text(said["period"]),
        at_limit=AtLimit(said["at_limit"]),
        warn_at=tuple(_percent(each) for each in said["warn_at"]),
        left_by_name=_numbers(said.get("left_by_name", {})),
        exempt=frozenset(map(_text, said.get("exempt", ()))),
    )


def _row(balance: Balance) -> dict[str, object]:
    row: dict[str, object] = {
        "kind": str(balance.kind),
        "name": balance.name,
        "unit": balance.unit,
        "amount": _written(balance.amount),
        "left": _written(balance.left),
        "resets_at": balance.resets_at.isoformat(),
        "period": balance.period,
        "at_limit": str(balance.at_limit),
        "warn_at": list(balance.warn_at),
    }
    if not balance.name:
        row |= {"left_by_name": _all_written(balance.left_by_name)}
        row |= {"exempt": sorted(balance.exempt)}
    return row


def _written(number: Decimal) -> str:
    return f"{number:f}"


def _all_written(numbers: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: _written(number) for name, number in numbers.items()}


def _number(said: object) -> Decimal:
    try:
        found = Decimal(_text(said))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ValueError(f"{said!r} is not a number")
    return found


def _numbers(said: Mapping[str, object]) -> dict[str, Decimal]:
    return {_text(name): _number(number) for name, number in said.items()}


def _percent(said: object) -> int:
    if type(said) is not int:
        raise TypeError(f"{said!r} is not a whole number of percent")
    return said


def _text(said: object) -> str:
    if not isinstance(said, str):
        raise TypeError(f"{said!r} is not a text")
    return said
