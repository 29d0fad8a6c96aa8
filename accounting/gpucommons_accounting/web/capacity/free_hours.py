"""Free GPUs by hour of the week: the administrators' page, and its API."""

from datetime import timedelta

from babel.dates import get_day_names
from gpucommons_contract.words import ENGLISH
from gpucommons_web.fields import text

from gpucommons_accounting.reckoning.capacity.free_hours import FreeHours
from gpucommons_accounting.web.api import APIHandler
from gpucommons_accounting.web.capacity.busy import rounded_json
from gpucommons_accounting.web.pages import PageHandler
from gpucommons_accounting.web.query_fields import last_weeks

WEEKS = 4
"""So many are shown where no month is asked for."""
_INSTANT = timedelta(microseconds=1)
_DAYS = get_day_names("abbreviated", locale=ENGLISH)


class FreeHoursAPI(APIHandler):
    """GET api/free-hours?month=&since=&until=&product=."""

    async def get(self) -> None:
        """Say how many GPUs were free in each hour of the week."""
        query = self.query()
        period = self.period(query)
        found = await self.records.fullness.free_hours(self.person, period, text(query, "product"))
        zone = str(self.records.site.calendar.zone)
        self.answer({"time_zone": zone, "hours": free_hours_json(found)})


class FreeHoursPage(PageHandler):
    """When GPUs were free in a month, or lately: a month that has just begun has few hours."""

    async def get(self) -> None:
        """Draw it, of the last weeks where no month is asked for."""
        self.demand_administrator()
        query, calendar, now = self.query(), self.records.site.calendar, self.records.now()
        by_month, product = text(query, "month") is not None, text(query, "product")
        period = self.whole_month() if by_month else last_weeks(WEEKS, self.records.site, now)
        found = await self.records.fullness.free_hours(self.person, period, product)
        self.draw(
            "free_hours.html",
            found=found,
            product=product,
            by_month=by_month,
            weeks=WEEKS,
            first=calendar.day_of(period.begin),
            last=calendar.day_of(period.end - _INSTANT),
            lately=self.link(month=None),
            this_month=self.link(month=f"{calendar.day_of(now):%Y-%m}"),
            days=[_DAYS[day] for day in range(len(found.hours))],
            **self.months(period),
        )


def free_hours_json(found: FreeHours) -> list[dict[str, object]]:
    """Return a line for each hour of the week; what nobody knows is None, and not 0."""
    return [
        {
            "weekday": day + 1,
            "hour": hour,
            "free_gpus": rounded_json(each.free),
            "gpus": rounded_json(each.gpus),
            "coverage": rounded_json(each.coverage),
        }
        for day, hours in enumerate(found.hours)
        for hour, each in enumerate(hours)
    ]
