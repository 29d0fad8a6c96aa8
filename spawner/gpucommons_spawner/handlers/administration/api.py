"""All sessions and nodes for programs, such as ``gpucommons session`` and ``gpucommons node``."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from jupyterhub import orm
from jupyterhub.apihandlers import APIHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

from gpucommons_spawner.administration import cluster_changes, wishes
from gpucommons_spawner.administration.cluster_changes import ClusterChangeError
from gpucommons_spawner.administration.listing import ListingError, Wanted
from gpucommons_spawner.administration.overview import Overview
from gpucommons_spawner.administration.wishes import NEEDS, STOPS, Action, WishError, read_wish

_LONGEST_NAME = 255
_MOST_SESSIONS = 1000


class _AdministrationAPI(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    def _record_activity(self, *_args: object, **_more: object) -> bool:
        """Looking at this does not count as activity."""
        return False

    def body(self) -> dict[str, object]:
        said = self.get_json_body()
        if not isinstance(said, dict):
            raise HTTPError(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
        return said

    def fields(self, said: Mapping[str, object]) -> dict[str, str]:
        """Return the fields as a form would send them."""
        return {
            name: str(value)
            for name, value in said.items()
            if isinstance(value, str | int | float) and not isinstance(value, bool)
        }

    def overview(self, said: Mapping[str, object]) -> Overview:
        """Return all sessions, for whoever is named where a service asks."""
        by = said.get("by", "")
        if not isinstance(by, str) or len(by) > _LONGEST_NAME:
            raise HTTPError(HTTPStatus.BAD_REQUEST, "by must be the name of who asks.")
        if by and not isinstance(self.current_user, orm.Service):
            raise HTTPError(
                HTTPStatus.BAD_REQUEST, "by must be left out: the token says whose it is."
            )
        return Overview(self, by)

    def demand(self, scope: str) -> None:
        if not self.has_scope(scope):
            raise HTTPError(HTTPStatus.FORBIDDEN, f"This needs the scope {scope}.")

    def answer(self, said: Mapping[str, object]) -> None:
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(said))


class AdministrationSessionsHandler(_AdministrationAPI):
    """All sessions."""

    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """List those that are wanted."""
        query = {name: self.get_argument(name) for name in self.request.arguments}
        try:
            wanted = Wanted.read(query)
        except ListingError as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from error
        overview = Overview(self)
        lines = wanted.of(await overview.lines(overview.spawners()))
        self.answer({"sessions": [line.as_json() for line in lines]})


class AdministrationActionHandler(_AdministrationAPI):
    """One action for several sessions."""

    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def post(self, name: str) -> None:
        """Do it."""
        try:
            action = Action(name)
        except ValueError:
            allowed = ", ".join(Action)
            raise HTTPError(
                HTTPStatus.NOT_FOUND, f"There is no action {name!r}. Actions: {allowed}."
            ) from None
        if scope := NEEDS.get(action):
            self.demand(scope)
        said = self.body()
        match said.get("sessions"):
            case list(names) if 0 < len(names) <= _MOST_SESSIONS and all(
                isinstance(each, str) for each in names
            ):
                pass
            case _:
                raise HTTPError(
                    HTTPStatus.BAD_REQUEST,
                    f"sessions must be a list of 1 to {_MOST_SESSIONS} names, such as ada/.",
                )
        try:
            wish = read_wish(action, self.fields(said), datetime.now(UTC))
        except WishError as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from error
        outcomes = await self.overview(said).act(wish, list(dict.fromkeys(names)))
        self.answer({"outcomes": [each.as_json() for each in outcomes]})


class AdministrationNodesHandler(_AdministrationAPI):
    """The nodes."""

    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """List them."""
        overview = Overview(self)
        nodes = overview.nodes(await overview.lines(overview.spawners()))
        if nodes is None:
            raise HTTPError(
                HTTPStatus.SERVICE_UNAVAILABLE, "The hub does not know the nodes at the moment."
            )
        may_drain = await cluster_changes.may_change_nodes(overview.api)
        self.answer({"nodes": [each.as_json() for each in nodes], "may_drain": may_drain})


class AdministrationNodeHandler(_AdministrationAPI):
    """Takes a node out of service, or gives it back."""

    @needs_scope("admin-ui")  # type: ignore[untyped-decorator]
    async def post(self, name: str, action: str) -> None:
        """Do it."""
        self.demand(STOPS)
        said = self.body()
        fields, overview = self.fields(said), self.overview(said)
        try:
            if action == "give-back":
                await overview.give_back(name)
                self.answer({"outcomes": []})
                return
            minutes, reason = wishes.minutes_of(fields), wishes.reason_of(fields)
            outcomes = await overview.drain(name, minutes, reason)
        except WishError as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from error
        except ClusterChangeError as error:
            raise HTTPError(HTTPStatus.CONFLICT, str(error)) from error
        self.answer({"outcomes": [each.as_json() for each in outcomes]})
