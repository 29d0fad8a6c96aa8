"""The audit of all sessions, for administrators."""

from datetime import timedelta

from gpucommons_culler.web.asked import event_filter, page
from gpucommons_culler.web.page import PageHandler, utc_day

_EVENTS = 50
_INSTANT = timedelta(microseconds=1)


class HistoryPage(PageHandler):
    """What happened, the newest first."""

    async def get(self) -> None:
        """Draw one page of it."""
        self.for_administrators()
        query = self.query()
        wanted, shown = event_filter(query), page(query, _EVENTS)
        lines = await self.desk.events(self.person, wanted, shown)
        full = len(lines) == shown.limit
        self.draw(
            "history.html",
            lines=lines,
            wanted=wanted,
            since=utc_day(wanted.since) if wanted.since else "",
            until=utc_day(wanted.until - _INSTANT) if wanted.until else "",
            older=self.link(before=lines[-1].number) if full else None,
            newest=self.link(before=None) if shown.before else None,
            as_csv=f"api/events{self.link(before=None, limit=None, format='csv')}",
            as_json=f"api/events{self.link(before=None)}",
        )
