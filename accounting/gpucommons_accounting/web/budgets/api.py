"""The API of budgets: what is left, what is set, grants, refunds, history."""

from http import HTTPStatus

from gpucommons_contract import READ_BALANCES_SCOPE, SubjectKind
from gpucommons_web.access import forbidden, wrong
from gpucommons_web.fields import Fields, text

from gpucommons_accounting.web.api import APIHandler
from gpucommons_accounting.web.budgets.as_json import adjustment_json, balance_json, budget_json
from gpucommons_accounting.web.budgets.fields import subject


class BalancesAPI(APIHandler):
    """GET api/balances: `Balances` of the contract, for the hub."""

    async def get(self) -> None:
        """Say what is left of all budgets."""
        if READ_BALANCES_SCOPE not in self.current_user["scopes"]:
            raise forbidden(f"This is for the hub: the token lacks {READ_BALANCES_SCOPE}.")
        sheet = await self.budgeting.sheet()
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(sheet.balances.to_json())


class BudgetsAPI(APIHandler):
    """GET api/budgets: own ones, all for administrators; POST sets one."""

    async def get(self) -> None:
        """List what is left."""
        sheet = await self.budgeting.sheet()
        said = sheet.balances
        if self.person.administers:
            shown = said.balances
        elif self.person.name:
            shown = said.of(SubjectKind.PERSON, self.person.name)
        else:
            shown = ()
        self.answer(
            {
                "as_of": said.as_of.isoformat(),
                "time_zone": said.time_zone,
                "currency": said.currency,
                "budgets": [balance_json(each, sheet) for each in shown],
            }
        )

    async def post(self) -> None:
        """Set one from a day on."""
        body = self.body()
        dry_run = _dry_run(body)
        found = await self.budgeting.set_budget(self.person, body, dry_run=dry_run)
        self.set_status(HTTPStatus.OK if dry_run else HTTPStatus.CREATED)
        self.answer(budget_json(found))


class GrantsAPI(APIHandler):
    """POST api/grants enlarges a budget in one period."""

    async def post(self) -> None:
        """Grant."""
        body = self.body()
        dry_run = _dry_run(body)
        found = await self.budgeting.grant(self.person, body, dry_run=dry_run)
        self.set_status(HTTPStatus.OK if dry_run else HTTPStatus.CREATED)
        self.answer(adjustment_json(found))


class RefundsAPI(APIHandler):
    """POST api/refunds lets something count as not charged."""

    async def post(self) -> None:
        """Refund."""
        body = self.body()
        dry_run = _dry_run(body)
        found = await self.budgeting.refund(self.person, body, dry_run=dry_run)
        self.set_status(HTTPStatus.OK if dry_run else HTTPStatus.CREATED)
        self.answer(adjustment_json(found))


class BudgetHistoryAPI(APIHandler):
    """GET api/budgets/history?for=&name=: who changed what, the newest first."""

    async def get(self) -> None:
        """List it."""
        query = self.query()
        whose = subject(query) if text(query, "for") else None
        found = await self.budgeting.history(self.person, whose)
        self.answer(
            {
                "budgets": [budget_json(each) for each in found.budgets],
                "adjustments": [adjustment_json(each) for each in found.adjustments],
            }
        )


def _dry_run(body: Fields) -> bool:
    """Return whether it is only to be said what would be done."""
    given = text(body, "dry_run")
    if given not in (None, "yes"):
        raise wrong("dry_run must be yes, or left out.")
    return given is not None
