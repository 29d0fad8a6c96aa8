"""The administrators' pages of budgets: what is left, who changed what, and forms to change it."""

from dataclasses import dataclass
from datetime import datetime

from gpucommons_contract import SubjectKind
from gpucommons_web.access import RefusedError
from gpucommons_web.fields import Fields

from gpucommons_accounting.web.budgets.words import line_of, said_of_adjustment, said_of_budget
from gpucommons_accounting.web.pages import PageHandler

_SHOWN = 200
"""Changes on the page of history, the newest; the API has all."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A line of the history."""

    words: str
    begins: datetime
    made_at: datetime | None
    by: str
    reason: str


class BudgetsPage(PageHandler):
    """Lists what is left, and has the forms."""

    async def get(self) -> None:
        """Draw it."""
        await self.draw_budgets()

    async def draw_budgets(
        self, form: Fields | None = None, problem: tuple[str, str] = ("", "")
    ) -> None:
        """Draw the page; problem: which form was wrong, and why."""
        self.demand_administrator()
        sheet = await self.budgeting.sheet()
        entered = {name: str(values[-1]) for name, values in (form or {}).items() if values}
        self.draw(
            "budgets.html",
            lines=[line_of(each, sheet) for each in sheet.balances.balances],
            kinds=list(SubjectKind),
            entered=entered,
            entered_for=problem[0],
            problem=problem[1],
            session=self.get_query_argument("session", ""),
        )


class _Form(BudgetsPage):
    """What one of the forms does."""

    title = ""
    """Which form it is."""

    async def post(self) -> None:
        """Do it, and say what was done."""
        form = self.form()
        try:
            said = await self._done(form)
        except RefusedError as error:
            self.set_status(error.status_code)
            await self.draw_budgets(form, (self.title, error.message))
            return
        self.go_to("budgets", said)

    async def _done(self, form: Fields) -> str:
        raise NotImplementedError


class SetBudget(_Form):
    """The form that sets a budget."""

    title = "set"

    async def _done(self, form: Fields) -> str:
        made = await self.budgeting.set_budget(self.person, form)
        return f"Set: {said_of_budget(made)}."


class Grant(_Form):
    """The form that enlarges a budget in one period."""

    title = "grant"

    async def _done(self, form: Fields) -> str:
        made = await self.budgeting.grant(self.person, form)
        return f"Done: {said_of_adjustment(made)}."


class Refund(_Form):
    """The form that lets a session count as not charged."""

    title = "refund"

    async def _done(self, form: Fields) -> str:
        made = await self.budgeting.refund(self.person, form)
        return f"Done: {said_of_adjustment(made)}."


class BudgetHistoryPage(PageHandler):
    """Who changed what."""

    async def get(self) -> None:
        """Draw it."""
        found = await self.budgeting.history(self.person)
        changes = [
            _Change(said_of_budget(each), each.valid_from, each.made_at, each.by, each.reason)
            for each in found.budgets
        ]
        changes += [
            _Change(said_of_adjustment(each), each.effective_at, each.made_at, each.by, each.reason)
            for each in found.adjustments
        ]
        changes.sort(key=lambda change: change.made_at or change.begins, reverse=True)
        self.draw("budget_history.html", changes=changes[:_SHOWN], left_out=len(changes[_SHOWN:]))
