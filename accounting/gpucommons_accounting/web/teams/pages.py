"""The page of a team and its API, for those who lead it."""

from gpucommons_contract import Balance, SubjectKind
from gpucommons_web.api import JSONHandler
from gpucommons_web.fields import text
from jupyterhub.services.auth import HubOAuth

from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.web.budgets.words import BalanceLine, line_of
from gpucommons_accounting.web.capacity.busy import stacked
from gpucommons_accounting.web.exports import as_csv
from gpucommons_accounting.web.pages import PageHandler
from gpucommons_accounting.web.teams.exports import team_csv, team_json
from gpucommons_accounting.web.teams.leading import Leading, TeamMonth


class TeamPage(PageHandler):
    """What the members of a team used in a month, each in all, and what is left."""

    async def get(self, name: str) -> None:
        """Draw it."""
        month = await self.leading.month(self.person, name, self.query())
        bars = stacked((str(first.month), [charged]) for first, charged in month.months)
        balances, left = await self._budgets(month)
        self.draw(
            "team.html",
            found=month,
            bars=bars,
            balances=balances,
            left=left,
            **self.months(month.people.period),
        )

    async def _budgets(
        self, month: TeamMonth
    ) -> tuple[list[BalanceLine], dict[PersonId, tuple[Balance, ...]]]:
        """Return what is left of the team's budgets, and of those of its people.

        There are none for a month gone by, nor for a team that is no more.
        """
        if month.team.left_at or not month.people.period.has(self.records.now()):
            return [], {}
        sheet = await self.budgeting.sheet()
        of_team = sheet.balances.of(SubjectKind.TEAM, month.team.name)
        left = {each: sheet.balances.of(SubjectKind.PERSON, each.name) for each in month.here}
        return [line_of(each, sheet, month.team.display_name) for each in of_team], left


class TeamAPI(JSONHandler):
    """GET api/team/NAME?month=&format=json|csv."""

    def initialize(self, hub_auth: HubOAuth, leading: Leading) -> None:
        """Take what the application gives."""
        self.hub_auth = hub_auth
        self._leading = leading

    async def get(self, name: str) -> None:
        """Sum up, for whoever leads the team, or administers."""
        csv = as_csv(text(self.query(), "format"))
        month = await self._leading.month(self.person, name, self.query())
        site = self._leading.records.site
        if csv:
            self.set_header("Content-Type", "text/csv; charset=utf-8")
            self.set_header("Content-Disposition", f'attachment; filename="{name}.csv"')
            self.finish(team_csv(month, site))
            return
        self.answer(team_json(month, site))
