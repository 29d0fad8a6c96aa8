"""Exemptions, for administrators."""

from datetime import timedelta

from gpucommons_culler.web.asked import LONGEST_EXEMPTION, Fields, SessionFilter, exemption
from gpucommons_culler.web.page import PageHandler, utc_day
from gpucommons_culler.web.refused import RefusedError
from gpucommons_culler.words import moment

_DAY = timedelta(days=1)


class ExemptionsPage(PageHandler):
    """Lists those that stand, and adds one."""

    async def get(self) -> None:
        """Draw it."""
        self.for_administrators()
        await self._draw({})

    async def post(self) -> None:
        """Add the one of the form."""
        self.for_administrators()
        form = self.form()
        try:
            kept = await self.desk.exempt(self.person, exemption(form, self.desk.now()))
        except RefusedError as error:
            self.set_status(error.status_code)
            await self._draw(form, error.message)
            return
        until = moment(kept.until, self.desk.now())
        self.go_to("exemptions", f"{kept.name} is exempt until {until}.")

    async def _draw(self, form: Fields, problem: str | None = None) -> None:
        now = self.desk.now()
        self.draw(
            "exemptions.html",
            exemptions=await self.desk.exemptions(self.person),
            leases=[v for v in self.desk.sessions(self.person, SessionFilter()) if v.facts.lease],
            entered={name: str(values[-1]) for name, values in form.items() if values},
            problem=problem,
            first_day=utc_day(now),
            last_day=utc_day(now + LONGEST_EXEMPTION - _DAY),
        )


class EndExemption(PageHandler):
    """The button that ends one."""

    async def post(self, number: str) -> None:
        """End it."""
        kept = await self.desk.end_exemption(self.person, int(number))
        self.go_to("exemptions", f"{kept.name} is no longer exempt.")
