"""The site that records are of."""

from dataclasses import dataclass, field
from decimal import Decimal

from gpucommons_web.titles import PlainTitles, Titles

from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.reckoning.use.prices import rounded


@dataclass(frozen=True, slots=True)
class Site:
    """What holds for the whole site."""

    calendar: Calendar
    currency: str
    """ISO 4217, such as ``EUR``."""
    minor_unit: int
    """Places after the point of its amounts."""
    titles: Titles = field(default_factory=PlainTitles)

    def rounded(self, cost: Decimal) -> Decimal:
        """Return a cost for people to read."""
        return rounded(cost, self.minor_unit)
