"""What was learnt of a period after it had been closed."""

from datetime import datetime, timedelta

from gpucommons_upkeep.database import Database
from sqlalchemy import func, select

from gpucommons_accounting.database.listing import EVERYBODY, Whose
from gpucommons_accounting.database.tables import EVENTS, SESSIONS
from gpucommons_accounting.reckoning.periods.calendar import Period

_CLOSED_AFTER = timedelta(hours=1)
"""So long after its end a period's reports are read: what happened just before it is known then."""


class LateFinds:
    """It blocks: call it in a thread. It raises StoreUnavailableError as the store does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last(self, period: Period, whose: Whose = EVERYBODY) -> datetime | None:
        """Return when something of a period was last learnt after its close; None if never.

        What is learnt of a session after the period, such as its end, changes nothing in it.
        """
        late = (
            (EVENTS.c.at < period.end)
            & (EVENTS.c.observed_at > period.end + _CLOSED_AFTER)
            & (SESSIONS.c.gone_by.is_(None) | (SESSIONS.c.gone_by >= period.begin))
        )
        wanted = (
            select(func.max(EVENTS.c.observed_at).label("last"))
            .join(SESSIONS, SESSIONS.c.uid == EVENTS.c.uid)
            .where(late, *whose.conditions())
        )
        with self._database.transaction(reads=True) as connection:
            found: datetime | None = connection.scalar(wanted)
            return found
