"""The pages: own usage, and everybody's."""

from collections.abc import Sequence
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from gpucommons_contract.words import phrase
from gpucommons_web.access import forbidden
from gpucommons_web.pages import FramedPage
from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler

from gpucommons_accounting.database.listing import EVERYBODY, Mark
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.activity import Efficiency
from gpucommons_accounting.reckoning.use.report import By
from gpucommons_accounting.records.identity import Team
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.budgets.budgeting import Budgeting
from gpucommons_accounting.web.budgets.words import BalanceLine, lines_of
from gpucommons_accounting.web.capacity.busy import bars, busy, by_line
from gpucommons_accounting.web.pilot.pilot import Pilot
from gpucommons_accounting.web.query_fields import grouping, mark_of, whole_month, written
from gpucommons_accounting.web.rendering import render
from gpucommons_accounting.web.sessions.lines import session_lines
from gpucommons_accounting.web.teams.leading import Leading

SHOWN = 200
"""Sessions on a page, the newest first."""


class PageHandler(FramedPage):
    """Draws pages of the records."""

    led: Sequence[Team] = ()
    """The teams that the visitor leads."""

    def initialize(
        self,
        hub_auth: HubOAuth,
        records: Records,
        budgeting: Budgeting,
        leading: Leading,
        *,
        pilot: Pilot,
        lab_name: str,
    ) -> None:
        """Take what the application gives."""
        self.hub_auth = hub_auth
        self.records = records
        self.budgeting = budgeting
        self.leading = leading
        self.pilot = pilot
        self._lab_name = lab_name

    async def prepare(self) -> None:
        """Identify the visitor."""
        await super().prepare()
        self.led = await self.leading.teams(self.person)

    def demand_administrator(self) -> None:
        """Raise RefusedError unless the visitor is an administrator."""
        if not self.person.administers:
            raise forbidden(
                phrase("This page is for administrators. Your own usage is listed here.")
            )

    def draw(self, template: str, **values: Any) -> None:  # noqa: ANN401
        """Respond with a page."""
        frame = {
            "now": self.records.now(),
            "led": self.led,
            "lab_name": self._lab_name,
            "currency": self.records.site.currency,
            "zone": str(self.records.site.calendar.zone),
            "time_zone": self.records.site.calendar.zone,
            "titles": self.records.site.titles,
        }
        self.finish(render(template, values | frame | self.surroundings()))

    def months(self, period: Period) -> dict[str, object]:
        """Return the month of a period, and links to those beside it."""
        calendar = self.records.site.calendar
        first = calendar.day_of(period.begin)
        before = first.replace(day=1) - timedelta(days=1)
        after = calendar.day_of(period.end)
        later = after <= calendar.day_of(self.records.now())
        return {
            "month": f"{first:%Y-%m}",
            "earlier": self.link(month=f"{before:%Y-%m}", before=None),
            "later": self.link(month=f"{after:%Y-%m}", before=None) if later else None,
        }

    def beside(self, shown: Sequence[Session], before: Mark | None) -> dict[str, object]:
        """Return links to other sessions of a list. shown: with one more than it has, if any."""
        more = len(shown) > SHOWN
        return {
            "begun_later": self.link(before=None) if before else None,
            "begun_earlier": self.link(before=written(Mark.of(shown[-2]))) if more else None,
        }

    def whole_month(self) -> Period:
        """Return the month that is asked for; pages show no other periods."""
        return whole_month(self.query(), self.records.site, self.records.now())


class HomePage(PageHandler):
    """What the visitor used in a month."""

    async def get(self) -> None:
        """Draw it."""
        period, now = self.whole_month(), self.records.now()
        name = self.person.name
        if name is None:
            raise forbidden(phrase("This account has no sessions of its own."))
        whose = await self.records.whose(self.person, name, None)
        said = await self.records.report(period, By.DAY, whose)
        sessions = await self.records.sessions(period, whose)
        found = await busy(self.records, sessions, period, now)
        efficient = by_line(self.records, found, By.DAY)
        before = mark_of(self.query(), "before")
        shown = await self.records.page(
            period, whose, limit=SHOWN + 1, after=before, newest_first=True
        )
        lines = await session_lines(self.records, self.budgeting, found, shown[:SHOWN])
        kept = await self.pilot.kept(self.person)
        days = [
            (date.fromisoformat(line.name), line, efficient.of(line.about)) for line in said.lines
        ]
        self.draw(
            "home.html",
            report=said,
            days=days,
            bars=bars((day, each) for day, _, each in days),
            efficiency=efficient.total,
            sessions=lines,
            refunds=await self.budgeting.refunds(period, whose),
            balances=await self._balances(name, period, sessions),
            looks=await self.records.looks(self.person),
            asks_how_it_goes=await self.pilot.asks(self.person, kept),
            was_asked=bool(kept),
            **self.beside(shown, before),
            **self.months(period),
        )

    async def _balances(
        self, name: str, period: Period, sessions: list[Session]
    ) -> list[BalanceLine]:
        """Return the budgets that one's sessions count against; none for a month gone by."""
        if not period.has(self.records.now()):
            return []
        known = (await self.records.identities(name)).newest_teams()
        titles = {team.name: team.display_name for team in known}
        teams = sorted({session.choice.team for session in sessions if session.choice.team})
        theirs = {team: titles.get(team, team) for team in teams}
        return lines_of(await self.budgeting.sheet(), name, theirs)


class EverybodyPage(PageHandler):
    """What all used in a month, by what one chooses."""

    async def get(self) -> None:
        """Draw it."""
        self.demand_administrator()
        period, by = self.whole_month(), grouping(self.query(), By.TEAM)
        said = await self.records.report(period, by, EVERYBODY)
        efficient = await self.records.efficiencies(said, by, EVERYBODY)
        days: list[tuple[date, Efficiency]] = []
        if by is By.DAY:
            days = [
                (date.fromisoformat(line.name), efficient.of(line.about)) for line in said.lines
            ]
        else:
            said.lines.sort(key=lambda line: (-line.usage.allocated, line.name))
        self.draw(
            "everybody.html",
            report=said,
            occupancy=await self.records.fullness.occupancy(self.person, period),
            efficient=efficient,
            bars=bars(days),
            by=by,
            groupings=list(By),
            **self.months(period),
        )


class NothingHere(PageHandler):
    """An address that does not exist."""

    async def prepare(self) -> None:
        """Respond to everybody alike."""
        self.send_error(HTTPStatus.NOT_FOUND)


class SignedInPage(PageHandler, HubOAuthCallbackHandler):  # type: ignore[misc]  # it has no types
    """JupyterHub's handler; a page shows what failed, and a link to try again."""

    async def prepare(self) -> None:
        """Let everybody in: this is where they sign in."""
