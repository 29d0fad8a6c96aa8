"""The report of a month, quarter or year, for administrators: the page, and its API."""

from gpucommons_web.access import forbidden

from gpucommons_accounting.reckoning.periods.named_period import MONTH, QUARTER, YEAR, NamedPeriod
from gpucommons_accounting.web.api import APIHandler
from gpucommons_accounting.web.capacity.timeline import timeline, timeline_json
from gpucommons_accounting.web.pages import PageHandler
from gpucommons_accounting.web.period_report import period_report
from gpucommons_accounting.web.query_fields import named_period

_LENGTHS = {MONTH: "Month", QUARTER: "Quarter", YEAR: "Year"}


class ReportPage(PageHandler):
    """What teams used in a period, and how full the site was."""

    async def get(self) -> None:
        """Draw it."""
        self.demand_administrator()
        named = named_period(self.query(), self.records.site, self.records.now(), QUARTER)
        found = await period_report(self.records, self.budgeting, named)
        there = await self.records.fullness.capacities(found.over_time)
        self.draw(
            "report.html",
            found=found,
            charts=timeline(named, found.over_time, there, self.records.now()),
            **self._periods(named),
        )

    def _periods(self, named: NamedPeriod) -> dict[str, object]:
        """Return the name of the period, and links to those beside it and around it."""
        today = self.records.site.calendar.day_of(self.records.now())
        last = min(today, named.last)
        return {
            "period": str(named),
            "before": str(named.before),
            "goes_on": named.end > today,
            "step": {MONTH: "Day", QUARTER: "Week of", YEAR: "Month"}[named.months],
            "earlier": self.link(period=str(named.before)),
            "later": self.link(period=str(named.after)) if named.end <= today else None,
            "lengths": [
                (title, self.link(period=str(NamedPeriod.around(last, months))))
                for months, title in _LENGTHS.items()
                if months != named.months
            ],
        }


class OverTimeAPI(APIHandler):
    """GET api/over-time?period=."""

    async def get(self) -> None:
        """Say of each day, week or month what teams are charged, and what there was."""
        if not self.person.administers:
            raise forbidden("Only an administrator may see what all teams used.")
        site = self.records.site
        named = named_period(self.query(), site, self.records.now(), MONTH)
        found = await self.records.over_time(named)
        steps = timeline_json(found, await self.records.fullness.capacities(found))
        self.answer({"period": str(named), "time_zone": str(site.calendar.zone), "steps": steps})
