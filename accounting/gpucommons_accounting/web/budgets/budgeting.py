"""What the pages and the API do with budgets, and who may do it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

from gpucommons_contract import GPU_HOURS, SubjectKind
from gpucommons_web.access import Caller, RefusedError, forbidden, missing, wrong
from gpucommons_web.fields import Fields, text

from gpucommons_accounting.database.listing import Whose
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.budgets.adjustments import (
    Adjustment,
    AdjustmentKind,
    of_those_there,
)
from gpucommons_accounting.reckoning.budgets.balances import periods_of
from gpucommons_accounting.reckoning.budgets.budget import Budget, Subject, in_force
from gpucommons_accounting.reckoning.budgets.refunds import (
    GPU_HOUR,
    RefundError,
    charged,
    refund,
    refunded,
)
from gpucommons_accounting.reckoning.budgets.spending import Spent, who_is_there
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.records.session import Session
from gpucommons_accounting.web.asking import Records
from gpucommons_accounting.web.budgets import fields as budget_fields
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet, Sheet
from gpucommons_accounting.web.budgets.team_budgets import TeamBudgets
from gpucommons_accounting.web.reading import read_records

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class History:
    """What was set, granted and refunded, the newest first."""

    budgets: list[Budget]
    adjustments: list[Adjustment]


class Budgeting:
    """Reads and changes budgets for a caller."""

    def __init__(self, store: Store, records: Records, sheet: BalanceSheet) -> None:
        self._book, self._records, self._sheet = store.budgets, records, sheet

    async def sheet(self) -> Sheet:
        """Return all balances; what of them a caller may see is for whoever asks to decide."""
        return await read_records(self._sheet.read)

    async def set_budget(self, caller: Caller, fields: Fields, *, dry_run: bool = False) -> Budget:
        """Set one from a day on."""
        _administrators(caller, "set budgets")
        now = self._records.now()
        found = budget_fields.budget(fields, self._records.site, now)
        made = replace(found, by=caller.title, made_at=now)
        if not dry_run:
            await read_records(self._book.set_budget, made, caller.title, now)
        return made

    async def grant(self, caller: Caller, fields: Fields, *, dry_run: bool = False) -> Adjustment:
        """Enlarge somebody's budget in one period."""
        subject = budget_fields.named_subject(fields)
        _administrators(caller, f"grant a {subject.kind} more")
        wish = budget_fields.wish(fields, self._records.site, self._records.now())
        if wish.amount is None:
            raise wrong("amount is missing: how much is granted?")
        made = self._adjustment(AdjustmentKind.GRANT, caller, wish, subject)
        if not dry_run:
            await read_records(self._book.adjust, made)
        return made

    async def refund(self, caller: Caller, fields: Fields, *, dry_run: bool = False) -> Adjustment:
        """Let a session, or some of what somebody used, count as not charged."""
        _administrators(caller, "refund")
        wish = budget_fields.wish(fields, self._records.site, self._records.now())
        uid = text(fields, "session")
        if uid is None:
            subject = budget_fields.named_subject(fields)
            if wish.amount is None:
                raise wrong("amount is missing: how much is refunded?")
            made = self._adjustment(AdjustmentKind.REFUND, caller, wish, subject)
            if not dry_run:
                await read_records(self._book.adjust, made)
            return made
        session = await read_records(self._book.session, uid)
        if session is None:
            raise missing(f"There is no session {uid!r}. The report of sessions has their ids.")
        others = await read_records(self._book.adjustments, None, uid)
        spent = await self._of_session(session, wish, others)
        subject = Subject(SubjectKind.PERSON, session.choice.person)
        made = replace(
            self._adjustment(AdjustmentKind.REFUND, caller, wish, subject),
            team=session.choice.team,
            session=uid,
            gpu_time=spent.gpu_time,
            money=spent.money,
        )
        if not dry_run and not await read_records(self._book.adjust, made, len(others)):
            message = "Somebody else refunded this session at the same moment. Look at it again."
            raise RefusedError(HTTPStatus.CONFLICT, message)
        return made

    async def history(self, caller: Caller, subject: Subject | None = None) -> History:
        """Return what was ever changed: of one person or team, or of all."""
        _administrators(caller, "see who changed budgets")
        budgets = await read_records(self._book.budgets)
        adjustments = await read_records(self._book.adjustments)
        return History(
            [each for each in reversed(budgets) if subject in (None, each.subject)],
            [each for each in reversed(adjustments) if subject is None or each.concerns(subject)],
        )

    async def refunds(self, period: Period, whose: Whose) -> list[Adjustment]:
        """Return what was refunded in a period, of sessions that somebody may see."""
        known = await self._records.identities(whose.person)
        found = await read_records(self._book.adjustments, period)
        return [
            each
            for each in found
            if each.kind is AdjustmentKind.REFUND
            and whose.person in (None, each.person)
            and whose.team in (None, each.team)
            and whose.since in (None, each.person_meant(known).since)
        ]

    async def refunds_of(self, sessions: Iterable[str]) -> dict[str, list[Adjustment]]:
        """Return all refunds of sessions, by their uids; who may see them others decide."""
        found = await read_records(self._book.about_sessions, sessions)
        refunds: dict[str, list[Adjustment]] = {}
        for each in found:
            if each.kind is AdjustmentKind.REFUND:
                refunds.setdefault(each.session, []).append(each)
        return refunds

    async def of_teams(self, until: datetime) -> TeamBudgets:
        """Return the budgets of teams as they were at the end of a day, or are now before it.

        until: when the day after begins.
        """
        site, known = self._records.site, await self._records.identities("")
        moment = min(until - _INSTANT, self._records.now())
        budgets = {
            key: budget
            for key, budget in in_force(
                await read_records(self._book.budgets), moment, site.calendar
            ).items()
            if budget.subject.kind is SubjectKind.TEAM and budget.unit in (GPU_HOURS, site.currency)
        }
        newest = who_is_there({}, known)
        made = await read_records(self._book.adjustments)
        by_then = (each for each in made if each.effective_at < until)
        return TeamBudgets(
            budgets,
            periods_of(budgets, moment, site.calendar),
            until,
            list(of_those_there(by_then, newest, known)),
            newest,
            known,
            site,
        )

    def _adjustment(
        self, kind: AdjustmentKind, caller: Caller, wish: budget_fields.Wish, subject: Subject
    ) -> Adjustment:
        amount = wish.amount or Decimal(0)
        of_person = subject.kind is SubjectKind.PERSON
        return Adjustment(
            kind=kind,
            person=subject.name if of_person else "",
            team="" if of_person else subject.name,
            gpu_time=amount * GPU_HOUR if wish.unit == GPU_HOURS else Decimal(0),
            money=Decimal(0) if wish.unit == GPU_HOURS else amount,
            currency=self._records.site.currency,
            effective_at=wish.effective_at,
            made_at=self._records.now(),
            by=caller.title,
            reason=wish.reason,
        )

    async def _of_session(
        self, session: Session, wish: budget_fields.Wish, others: list[Adjustment]
    ) -> Spent:
        """Return how much a refund of a session is: no more than is left of its charge."""
        if wish.amount is None and session.runs:
            raise wrong("This session still runs: say how much of it is refunded.")
        site, prices = self._records.site, await self._records.prices()
        whole = charged(session, prices, self._records.now())
        before = refunded(others, site.currency)
        try:
            return refund(whole, before, wish.amount, wish.unit, site.minor_unit)
        except RefundError as error:
            raise wrong(str(error)) from None


def _administrators(caller: Caller, do: str) -> None:
    if not caller.administers:
        raise forbidden(f"Only an administrator may {do}.")
