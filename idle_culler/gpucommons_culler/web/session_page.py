"""One session: what is known of it, what follows, and keeping it."""

from gpucommons_culler.web.asked import hours
from gpucommons_culler.web.page import PageHandler, session_path
from gpucommons_culler.words import moment


class SessionPage(PageHandler):
    """Asks the session anew each time it is opened."""

    async def get(self, user: str, server: str | None = None) -> None:
        """Draw it."""
        view = await self.desk.explain(self.person, user, server or "")
        self.draw("session.html", view=view)

    async def post(self, user: str, server: str | None = None) -> None:
        """Keep the session for the hours that were chosen."""
        until = await self.desk.keep(self.person, user, server or "", hours(self.form()))
        name = f"{user}/{server}" if server else user
        said = f"{name} is kept until {moment(until, self.desk.now())}."
        own = user == self.person.name
        self.go_to("" if own else f"session/{session_path(user, server or '')}", said)
