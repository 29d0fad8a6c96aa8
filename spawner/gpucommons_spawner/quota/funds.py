"""Whether budgets have room for a start, and what an hour takes of them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gpucommons_contract import GPU_HOURS, AtLimit, Balance

from gpucommons_spawner.quota.hold import HOUR, NEVER, Reckoning, taken
from gpucommons_spawner.quota.holds import Amounts, Holds
from gpucommons_spawner.quota.ledger_entry import Holding


@dataclass(frozen=True, slots=True)
class Outage:
    """Accounting has not answered for too long."""

    since: datetime | None
    """When it answered last; None if it never did since the hub's start."""
    closes: bool
    """Whether nothing with a GPU starts meanwhile, rather than everything."""


@dataclass(frozen=True, slots=True)
class Fund:
    """A budget that a start is charged to."""

    balance: Balance
    team: str = ""
    """What the team is called; empty where it is the person's own."""

    @property
    def refuses(self) -> bool:
        """Whether nothing starts that it has no room for."""
        return self.balance.at_limit is AtLimit.DENY


@dataclass(frozen=True, slots=True)
class Funds:
    """All budgets that a start is charged to, and how they are reckoned."""

    each: tuple[Fund, ...] = ()
    by: Reckoning = NEVER
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    """What an hour of one GPU costs, by product; under an empty name that of all others."""
    currency: str = ""
    outage: Outage | None = None

    def wanted(self, fund: Fund, holding: Holding) -> Decimal:
        """Return what a session takes of a fund from the moment on that is reckoned from."""
        return self.in_unit(fund.balance.unit, {holding.product: taken(holding, self.by)})

    def hourly(self, unit: str, holding: Holding) -> Decimal:
        """Return what an hour of a session takes of a budget of that unit."""
        return self.in_unit(unit, {holding.product: holding.units * HOUR})

    def closed(self, wanted: Holding) -> bool:
        """Whether a start is refused because it is not known what is left."""
        if not self.outage or not self.outage.closes or not wanted.units:
            return False
        return self.outage.since is None or any(fund.refuses for fund in self.each)

    def in_unit(self, unit: str, amounts: Amounts) -> Decimal:
        """Write GPU-microseconds in the unit of a budget."""
        if unit == GPU_HOURS:
            return sum(amounts.values(), Decimal(0)) / HOUR
        costs = (amount * self._rate(product) for product, amount in amounts.items())
        return sum(costs, Decimal(0)) / HOUR

    def _rate(self, product: str) -> Decimal:
        """Return what an hour of a GPU costs: nothing without a price, the highest of any GPU."""
        if not product:
            return max(self.rates.values(), default=Decimal(0))
        return self.rates.get(product, self.rates.get("", Decimal(0)))


@dataclass(frozen=True, slots=True)
class Purse:
    """What is left for a start, with what sessions hold."""

    funds: Funds
    holds: Holds
    earlier: Holding | None = None
    """What the same server holds: it will be replaced, and counts as free."""

    def held(self, fund: Fund) -> Decimal:
        """Return what sessions take of a fund, those included that used it since it was told."""
        balance, funds = fund.balance, self.funds
        amounts = self.holds.amounts(balance.kind, balance.name, funds.by)
        held = funds.in_unit(balance.unit, amounts)
        earlier = self.earlier
        if earlier and (not fund.team or earlier.team == balance.name):
            held -= funds.wanted(fund, earlier)
        return held

    def room(self, fund: Fund) -> Decimal:
        """Return what a start may take of a fund; below 0 once it is overdrawn."""
        return fund.balance.left - self.held(fund)

    def short(self, wanted: Holding) -> Fund | None:
        """Return a fund that refuses a start, as it has no room for it; None if none does."""
        if self.funds.outage or not wanted.units:
            return None
        for fund in self.funds.each:
            takes = self.funds.wanted(fund, wanted) if fund.refuses else Decimal(0)
            if takes and takes > self.room(fund):
                return fund
        return None

    def tightest(self, wanted: Holding) -> Fund | None:
        """Return the fund that lasts for the fewest hours of a session; None if it takes none."""
        lasting = {
            index: self.room(fund) / hourly
            for index, fund in enumerate(self.funds.each)
            if (hourly := self.funds.hourly(fund.balance.unit, wanted))
        }
        return self.funds.each[min(lasting, key=lasting.__getitem__)] if lasting else None
