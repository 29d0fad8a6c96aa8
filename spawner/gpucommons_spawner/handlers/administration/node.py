"""The page on which a node is drained, or given back."""

from collections.abc import Mapping
from http import HTTPStatus

from gpucommons_contract.formats.wording import moment
from gpucommons_contract.words import phrase
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError, authenticated

from gpucommons_spawner.administration import wishes
from gpucommons_spawner.administration.cluster_changes import ClusterChangeError
from gpucommons_spawner.administration.wishes import STOPS, WishError
from gpucommons_spawner.handlers.administration.page import AdministrationHandler, Result


class NodePageHandler(AdministrationHandler):
    """GET asks once more whether a node is to be drained, or given back; POST does it."""

    @authenticated
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self, action: str) -> None:
        """Draw the form."""
        self.demand(STOPS)
        await self._draw(action, {})

    @authenticated
    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def post(self, action: str) -> None:
        """Do it."""
        self.demand(STOPS)
        fields, overview = self.fields(), self.overview
        node = fields.get("node", "")
        try:
            if action == "give-back":
                await overview.give_back(node)
                title = phrase("The node %(node)s is in service again", node=node)
                self.show(Result(title))
                return
            minutes, reason = wishes.minutes_of(fields), wishes.reason_of(fields)
            outcomes = await overview.drain(node, minutes, reason)
        except (WishError, ClusterChangeError) as error:
            self.set_status(HTTPStatus.BAD_REQUEST)
            await self._draw(action, fields, error.args[0])
            return
        self.show(Result(phrase("Nothing new comes to the node %(node)s", node=node), outcomes))

    async def _draw(self, action: str, entered: Mapping[str, str], problem: str = "") -> None:
        overview, name = self.overview, self.get_argument("node", "")
        lines = await overview.lines(overview.spawners())
        nodes = {each.name: each for each in overview.nodes(lines) or ()}
        if name not in nodes:
            raise HTTPError(
                HTTPStatus.NOT_FOUND, phrase("The hub knows no such node at the moment.")
            )
        await self.draw(
            "node_action.html",
            action=action,
            node=nodes[name],
            entered=entered,
            problem=problem,
            limits=wishes,
            moment=moment,
        )
