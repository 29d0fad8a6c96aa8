"""The administrators' list of sessions, where each that has ended is refunded in one step."""

from gpucommons_contract import GPU_HOURS
from gpucommons_contract.words import phrase, spoken
from gpucommons_web.access import RefusedError
from gpucommons_web.fields import Fields, text

from gpucommons_accounting.reckoning.periods.calendar import in_hours
from gpucommons_accounting.web.budgets.words import quantity
from gpucommons_accounting.web.capacity.busy import busy
from gpucommons_accounting.web.pages import SHOWN, PageHandler
from gpucommons_accounting.web.query_fields import mark_of
from gpucommons_accounting.web.sessions.lines import session_lines


class SessionsPage(PageHandler):
    """GET sessions?month=&person=&team=: those of a month, the newest first."""

    async def get(self) -> None:
        """Draw it."""
        await self.draw_sessions()

    async def draw_sessions(self, form: Fields | None = None, problem: str = "") -> None:
        """Draw the page; form: with a refund that was not possible, and why."""
        self.demand_administrator()
        query, period = self.query(), self.whole_month()
        person, team = text(query, "person"), text(query, "team")
        whose = await self.records.whose(self.person, person, team)
        await self.records.look(self.person, person, "sessions")
        before = mark_of(query, "before")
        shown = await self.records.page(
            period, whose, limit=SHOWN + 1, after=before, newest_first=True
        )
        listed = shown[:SHOWN]
        known = await busy(self.records, listed, period, self.records.now())
        uid = text(form or {}, "session")
        there = any(each.uid == uid for each in listed)
        self.draw(
            "sessions.html",
            lines=await session_lines(self.records, self.budgeting, known, listed),
            of_person=person,
            of_team=team,
            query=self.link() if query else "",
            refused_of=uid if there else None,
            reason=text(form or {}, "reason") or "",
            problem=problem,
            **self.beside(shown, before),
            **self.months(period),
        )


class RefundSession(SessionsPage):
    """POST sessions/refund: the form of one session; its query is the list's."""

    async def post(self) -> None:
        """Refund all that is left of it, and say so at the session."""
        form = self.form()
        wanted = {name: form.get(name, []) for name in ("session", "reason")}
        wanted["session"] = wanted["session"] or ["?"]
        try:
            made = await self.budgeting.refund(self.person, wanted)
        except RefusedError as error:
            self.set_status(error.status_code)
            await self.draw_sessions(form, error.message)
            return
        amount = quantity(in_hours(made.gpu_time), GPU_HOURS)
        said = phrase("Refunded: %(amount)s to %(person)s.", amount=amount, person=made.person)
        query = self.link() if self.query() else ""
        self.go_to(f"sessions{query}", str(spoken(said)))
