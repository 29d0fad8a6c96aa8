"""A person's own sessions, and what happened to them."""

from gpucommons_culler.records import EventFilter
from gpucommons_culler.web.asked import Page, page
from gpucommons_culler.web.page import PageHandler

_EVENTS = 20


class HomePage(PageHandler):
    """Everybody's first page."""

    async def get(self) -> None:
        """Draw it."""
        lines, older = [], None
        if (name := self.person.name) is not None:
            wanted = Page(_EVENTS + 1, page(self.query()).before)
            lines = await self.desk.events(self.person, EventFilter(user=name), wanted)
        if len(lines) > _EVENTS:
            lines = lines[:_EVENTS]
            older = self.link(before=lines[-1].number)
        views = self.desk.own(self.person)
        self.draw("home.html", views=views, lines=lines, older=older)
