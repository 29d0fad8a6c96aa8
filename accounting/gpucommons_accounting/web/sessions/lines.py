"""Sessions as pages list them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment
from gpucommons_accounting.reckoning.budgets.refunds import charged, refunded
from gpucommons_accounting.reckoning.budgets.spending import Spent
from gpucommons_accounting.reckoning.use.activity import Efficiency
from gpucommons_accounting.reckoning.use.usage import Usage
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.budgets.budgeting import Budgeting
from gpucommons_accounting.web.capacity.busy import Busy


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session, and what it used in the period that is shown."""

    session: Session
    usage: Usage
    length: timedelta
    cost: Decimal | None
    """None where a part of it has no price."""
    efficiency: Efficiency
    refunds: Sequence[Adjustment]
    """All that were made for it, in whatever period they count."""
    left: Spent
    """What of its whole charge is not refunded."""

    @property
    def may_be_refunded(self) -> bool:
        """Whether all that is left of it can be refunded: it has ended, and cost something."""
        return not self.session.runs and self.left.gpu_time > 0


async def session_lines(
    records: Records, budgeting: Budgeting, known: Busy, sessions: Sequence[Session]
) -> list[SessionLine]:
    """Return lines of sessions in the period of what is known of how busy they were."""
    prices = await records.prices()
    period, now = known.period, known.as_of
    refunds = await budgeting.refunds_of([each.uid for each in sessions])
    lines = []
    for session in sessions:
        usage, charges = Usage(), list(prices.charges(session, period, now))
        usage.add(session, period, now)
        costs = [charge.cost for charge in charges]
        priced = [cost for cost in costs if cost is not None]
        length = (session.gone or now) - (session.ready or session.gone or now)
        made = refunds.get(session.uid, [])
        lines.append(
            SessionLine(
                session,
                usage,
                max(length, timedelta()),
                sum(priced, Decimal(0)) if len(priced) == len(costs) else None,
                known.of_session(session),
                made,
                charged(session, prices, now) - refunded(made, records.site.currency),
            )
        )
    return lines
