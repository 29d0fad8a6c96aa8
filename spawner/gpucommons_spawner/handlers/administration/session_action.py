"""The page that asks once more what is to be done with sessions, and does it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from gpucommons_contract.words import phrase
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError, authenticated

from gpucommons_spawner.administration import wishes
from gpucommons_spawner.administration.listing import ListingError, Wanted
from gpucommons_spawner.administration.session_line import STATES, SessionLine
from gpucommons_spawner.administration.wishes import NEEDS, Action, WishError, read_wish
from gpucommons_spawner.handlers.administration.page import AdministrationHandler, Result


class SessionActionHandler(AdministrationHandler):
    """GET asks once more what is to be done with the sessions that are named; POST does it."""

    @authenticated
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self, action: str) -> None:
        """Draw the form."""
        wanted = self._action(action)
        lines = await self._chosen()
        if not lines:
            self.show(
                Result("", problem=phrase("Choose at least one session, then what is to be done."))
            )
            return
        await self._draw(wanted, lines, {})

    @authenticated
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def post(self, action: str) -> None:
        """Do it, and show the list with what came of it."""
        wanted, fields = self._action(action), self.fields()
        names = self.get_arguments("session")
        try:
            wish = read_wish(wanted, fields, datetime.now(UTC))
        except WishError as error:
            self.set_status(HTTPStatus.BAD_REQUEST)
            await self._draw(wanted, await self._chosen(), fields, error.args[0])
            return
        outcomes = await self.overview.act(wish, names)
        self.show(Result(_DONE[wanted], outcomes))

    def _action(self, name: str) -> Action:
        try:
            action = Action(name)
        except ValueError:
            raise HTTPError(HTTPStatus.NOT_FOUND, phrase("There is no such action.")) from None
        if scope := NEEDS.get(action):
            self.demand(scope)
        return action

    async def _chosen(self) -> list[SessionLine]:
        """Return the sessions that are named, or all that were listed."""
        overview = self.overview
        lines = await overview.lines(overview.spawners())
        if self.get_argument("all", ""):
            try:
                return Wanted.read(self.fields()).of(lines)
            except ListingError as error:
                raise HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from error
        names = set(self.get_arguments("session"))
        return [line for line in Wanted().of(lines) if line.name in names]

    async def _draw(
        self,
        action: Action,
        lines: Sequence[SessionLine],
        entered: Mapping[str, str],
        problem: str = "",
    ) -> None:
        today = datetime.now(UTC).date()
        longest = wishes.LONGEST_GRANT if action is Action.GRANT else wishes.LONGEST_EXEMPTION
        await self.draw(
            "session_action.html",
            action=action,
            title=_TITLES[action],
            lines=lines,
            people=sorted({line.person for line in lines}),
            entered=entered,
            problem=problem,
            first_day=today.isoformat(),
            last_day=(today + longest - timedelta(days=1)).isoformat(),
            limits=wishes,
            states=STATES,
        )


_TITLES: Mapping[Action, str] = {
    Action.STOP: phrase("Stop sessions"),
    Action.TAKE_BACK: phrase("Take stops back"),
    Action.NOTIFY: phrase("Send a message"),
    Action.KEEP: phrase("Keep sessions"),
    Action.EXEMPT: phrase("Exempt sessions"),
    Action.GRANT: phrase("Grant more than the quota"),
}
_DONE: Mapping[Action, str] = {
    Action.STOP: phrase("Sessions are stopped"),
    Action.TAKE_BACK: phrase("Stops were taken back"),
    Action.NOTIFY: phrase("The message was sent"),
    Action.KEEP: phrase("Sessions are kept"),
    Action.EXEMPT: phrase("Sessions are exempt"),
    Action.GRANT: phrase("More was granted"),
}
