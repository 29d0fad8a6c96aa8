"""Budgets and adjustments as they are kept: rows are only added. Each method is one transaction."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gpucommons_contract import AtLimit, SubjectKind
from gpucommons_upkeep.database import Database
from sqlalchemy import Connection, Row, func, insert, select, text

from gpucommons_accounting.database.rows import session_of
from gpucommons_accounting.database.statements import parts
from gpucommons_accounting.database.tables import ADJUSTMENTS, BUDGETS, SESSIONS
from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind
from gpucommons_accounting.reckoning.budgets.budget import Budget, PeriodKind, Rule, Subject
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.records.session import Session

_ADJUSTING = 0x67707562
"""Any number that no other program takes."""
_ADJUSTED = (
    select(ADJUSTMENTS, SESSIONS.c.person_since, SESSIONS.c.team_uid, SESSIONS.c.requested)
    .outerjoin(SESSIONS, SESSIONS.c.uid == ADJUSTMENTS.c.session)
    .order_by(ADJUSTMENTS.c.number)
)


class BudgetBook:
    """It blocks: call it in a thread. Every method raises StoreUnavailableError as the store's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_budget(self, budget: Budget, by: str, made_at: datetime) -> None:
        """Keep what is set. What was set before for the same subject and unit stays as history."""
        row = {
            "kind": str(budget.subject.kind),
            "name": budget.subject.name,
            "unit": budget.unit,
            "rule": str(budget.rule),
            "amount": budget.amount,
            "period": str(budget.period),
            "first_day": budget.first_day,
            "last_day": budget.last_day,
            "warn_at": " ".join(map(str, budget.warn_at)),
            "at_limit": str(budget.at_limit),
            "valid_from": budget.valid_from,
            "made_at": made_at,
            "by": by,
            "reason": budget.reason,
        }
        with self._database.transaction() as connection:
            connection.execute(insert(BUDGETS).values(**row))

    def budgets(self) -> list[Budget]:
        """Return all that was ever set, in that order."""
        with self._database.transaction(reads=True) as connection:
            rows = connection.execute(select(BUDGETS).order_by(BUDGETS.c.number))
            return [_budget(row) for row in rows]

    def adjust(self, adjustment: Adjustment, others: int | None = None) -> bool:
        """Keep what is granted or refunded.

        others: how many adjustments there are about its session; with another number nothing is
        kept, and it is False. So two refunds at one moment do not refund the same time twice.
        """
        row = {
            name: getattr(adjustment, name)
            for name in ADJUSTMENTS.columns.keys()  # noqa: SIM118 -- it is no mapping
            if name not in ("number", "kind")
        }
        with self._database.transaction() as connection:
            if others is not None:
                _alone(connection)
                about = select(func.count()).where(ADJUSTMENTS.c.session == adjustment.session)
                if connection.scalar(about) != others:
                    return False
            connection.execute(insert(ADJUSTMENTS).values(kind=str(adjustment.kind), **row))
        return True

    def adjustments(
        self, period: Period | None = None, session: str | None = None
    ) -> list[Adjustment]:
        """Return what was granted and refunded, in that order: of a period, about a session."""
        wanted = _ADJUSTED
        if period is not None:
            effective = ADJUSTMENTS.c.effective_at
            wanted = wanted.where(effective >= period.begin, effective < period.end)
        if session is not None:
            wanted = wanted.where(ADJUSTMENTS.c.session == session)
        with self._database.transaction(reads=True) as connection:
            return [_adjustment(row) for row in connection.execute(wanted)]

    def about_sessions(self, uids: Iterable[str]) -> list[Adjustment]:
        """Return what was granted and refunded about some sessions, in that order for each."""
        with self._database.transaction(reads=True) as connection:
            return [
                _adjustment(row)
                for some in parts(sorted(uids))
                for row in connection.execute(_ADJUSTED.where(ADJUSTMENTS.c.session.in_(some)))
            ]

    def session(self, uid: str) -> Session | None:
        """Return a session; None where there is none of that uid."""
        with self._database.transaction(reads=True) as connection:
            row = connection.execute(select(SESSIONS).where(SESSIONS.c.uid == uid)).first()
            return session_of(row) if row else None

    def newest(self, of: Iterable[Subject]) -> dict[Subject, str]:
        """Return which person and team of some names there is now, as their newest session says."""
        subjects = set(of)
        kinds = (
            (SubjectKind.PERSON, SESSIONS.c.person, SESSIONS.c.person_since),
            (SubjectKind.TEAM, SESSIONS.c.team, SESSIONS.c.team_uid),
        )
        found: dict[Subject, str] = {}
        with self._database.transaction(reads=True) as connection:
            for kind, name, own in kinds:
                last = func.max(SESSIONS.c.requested).label("last")
                wanted = select(name, own).where(own != "").group_by(name, own).order_by(last)
                for some in parts(sorted(each.name for each in subjects if each.kind is kind)):
                    rows = connection.execute(wanted.where(name.in_(some)))
                    found |= {Subject(kind, row[0]): row[1] for row in rows}
        return found


def _alone(connection: Connection) -> None:
    """Wait until nobody else adjusts. SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADJUSTING})


def _budget(row: Row[Any]) -> Budget:
    return Budget(
        Subject(SubjectKind(row.kind), row.name),
        row.unit,
        Rule(row.rule),
        row.valid_from,
        row.amount,
        PeriodKind(row.period),
        row.first_day,
        row.last_day,
        tuple(map(int, row.warn_at.split())),
        AtLimit(row.at_limit),
        row.made_at,
        row.by,
        row.reason,
    )


def _adjustment(row: Row[Any]) -> Adjustment:
    return Adjustment(
        AdjustmentKind(row.kind),
        row.person,
        row.team,
        row.gpu_time,
        row.money,
        row.currency,
        row.effective_at,
        row.made_at,
        row.by,
        row.reason,
        row.session,
        row.person_since or "",
        row.team_uid or "",
        row.requested,
    )
