"""Free GPUs by hour of the week: the administrators' page, and its API."""

from babel.dates import get_day_names
from gpucommons_contract.words import ENGLISH
from gpucommons_web.fields import text

from gpucommons_accounting.reckoning.free_hours import FreeHours
from gpucommons_accounting.web.api import APIHandler
from gpucommons_accounting.web.busy import rounded_json
from gpucommons_accounting.web.pages import PageHandler

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
    """When GPUs were free in a month."""

    async def get(self) -> None:
        """Draw it."""
        self.demand_administrator()
        period, product = self.whole_month(), text(self.query(), "product")
        found = await self.records.fullness.free_hours(self.person, period, product)
        self.draw(
            "free_hours.html",
            found=found,
            product=product,
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
