"""All sessions, for administrators."""

from gpucommons_culler.web.asked import page_number, session_filter
from gpucommons_culler.web.page import PageHandler

_SESSIONS = 50


class SessionsPage(PageHandler):
    """The sessions of all, those that end soonest first."""

    async def get(self) -> None:
        """Draw one page of it."""
        self.for_administrators()
        query = self.query()
        wanted = session_filter(query)
        views = self.desk.sessions(self.person, wanted)
        number = page_number(query)
        start = (number - 1) * _SESSIONS
        more = start + _SESSIONS < len(views)
        self.draw(
            "sessions.html",
            views=views[start : start + _SESSIONS],
            count=len(views),
            wanted=wanted,
            following=self.link(page=number + 1) if more else None,
            preceding=self.link(page=number - 1) if number > 1 else None,
        )
