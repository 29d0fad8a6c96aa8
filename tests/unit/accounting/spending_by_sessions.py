"""What was charged, summed up session by session: the plain way, to compare with."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from gpucommons_accounting.reckoning.budgets.budget import Subject
from gpucommons_accounting.reckoning.budgets.spending import Spent, identities, is_theirs
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.exact import exactly
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.records.identity import Identities
from gpucommons_accounting.records.session import Session


def spending_by_sessions(
    sessions: Iterable[Session],
    period: Period,
    as_of: datetime,
    prices: PriceList,
    *,
    newest: Mapping[Subject, str],
    known: Identities,
) -> dict[Subject, Spent]:
    """Sum up what was charged in a period by person and by team."""
    found: dict[Subject, Spent] = defaultdict(Spent)
    for session in sessions:
        for charge in prices.charges(session, period, as_of):
            with exactly():
                priced = charge.amount * (charge.rate or Decimal(0))
            for subject, own in identities(session, known).items():
                if is_theirs(subject, own, newest, known):
                    found[subject] += Spent(charge.amount, priced)
    return dict(found)
