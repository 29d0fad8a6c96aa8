"""The hub endpoint by which a session says how full its home folder is."""

from http import HTTPStatus
from typing import Any

from gpucommons_contract import read_disk_use
from jupyterhub.apihandlers import APIHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

from gpucommons_spawner.session_parts.workspace_use import WorkspaceUse


class DiskUseHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Takes it with the session's own token, which may report activity of its person alone.

    A session is not trusted: nothing but that person's own pages shows what it says.
    """

    def _record_activity(self, *_args: object, **_more: object) -> bool:
        """Saying this does not count as activity."""
        return False

    @needs_scope("users:activity")  # type: ignore[untyped-decorator]
    async def put(self, user_name: str, server_name: str = "") -> None:
        """Keep the figures until there are newer ones."""
        try:
            disk = read_disk_use(self.get_json_body())
        except ValueError as error:
            raise HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from error
        user = self.find_user(user_name)
        spawner: Any = user.spawners.get(server_name) if user else None
        use: WorkspaceUse | None = getattr(spawner, "workspace_use", None)
        if use is None or not spawner.ready:  # other spawners have none
            raise HTTPError(HTTPStatus.NOT_FOUND, "No such session runs.")
        use.note(disk)
        spawner.record.keep_state()
        self.set_status(HTTPStatus.NO_CONTENT)
