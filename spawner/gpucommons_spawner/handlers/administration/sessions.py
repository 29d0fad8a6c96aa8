"""The page of all sessions, and of the nodes."""

from http import HTTPStatus

from gpucommons_contract import ACCOUNTING_SERVICE, IDLE_SERVICE
from gpucommons_contract.formats.wording import moment
from jupyterhub.scopes import needs_scope
from tornado.web import authenticated

from gpucommons_spawner.administration import cluster_changes
from gpucommons_spawner.administration.listing import SORTS, ListingError, Offered, Wanted
from gpucommons_spawner.administration.nodes import NODE_STATES
from gpucommons_spawner.administration.session_line import STATES
from gpucommons_spawner.handlers.administration.message import MESSAGE_ID
from gpucommons_spawner.handlers.administration.page import AdministrationHandler

_SHOWN = 100
"""Sessions on one page."""


class SessionsPageHandler(AdministrationHandler):
    """All sessions, and what can be done with them; the nodes."""

    @authenticated
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Draw the page."""
        overview, fields = self.overview, self.fields()
        await self.current_user.spawner.hub_state.teams_known()
        lines = await overview.lines(overview.spawners())
        problem = ""
        try:
            wanted = Wanted.read(fields)
        except ListingError as error:
            wanted, problem = Wanted(), str(error)
            self.set_status(HTTPStatus.BAD_REQUEST)
        found = wanted.of(lines)
        text = fields.get("page", "")
        number = int(text) if text.isascii() and text.isdigit() and int(text[:5]) > 0 else 1
        start = (number - 1) * _SHOWN
        await self.draw(
            "sessions.html",
            lines=found[start : start + _SHOWN],
            count=len(found),
            in_all=len(lines),
            wanted=wanted,
            offered=Offered.of(lines),
            preceding=wanted.query(page=str(number - 1)) if number > 1 else "",
            following=wanted.query(page=str(number + 1)) if start + _SHOWN < len(found) else "",
            result=self.results.get(fields.get("done", "")),
            problem=problem,
            states=STATES,
            sorts=SORTS,
            nodes=overview.nodes(lines),
            node_states=NODE_STATES,
            may_drain=await cluster_changes.may_change_nodes(overview.api),
            drain_folder=cluster_changes.NODES_FOLDER,
            has_culler=self.has_service(IDLE_SERVICE),
            usage=f"services/{ACCOUNTING_SERVICE}/" if self.has_service(ACCOUNTING_SERVICE) else "",
            may_open=self.has_scope("access:servers"),
            message=overview.standing().get(MESSAGE_ID),
            moment=moment,
        )
