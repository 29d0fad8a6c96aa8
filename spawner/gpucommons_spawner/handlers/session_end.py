"""The hub endpoint that takes a reason before a session is stopped, for its person to read."""

import re
from http import HTTPStatus
from typing import Any

from gpucommons_contract import LONGEST_USER_NAME
from gpucommons_contract.told import EndReason
from jupyterhub import orm
from jupyterhub.apihandlers import APIHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

from gpucommons_spawner.lifecycle.last_end import Announcement, LastEnd
from gpucommons_spawner.pod_state.pod_end import LONGEST_SENTENCE

_PAGE = re.compile(r"services/[A-Za-z0-9._~-]+/")
"""Pages of services only: a sentence must lead nobody elsewhere."""


class SessionEndHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Notes why somebody is about to stop a session. Stopping it is another request."""

    @needs_scope("delete:servers")  # type: ignore[untyped-decorator]
    async def put(self, user_name: str, server_name: str = "") -> None:
        """Keep the sentence for the pages that the person sees once the session is over."""
        announcement = self._announcement()
        said_more = announcement.reason or announcement.by
        if said_more and not isinstance(self.current_user, orm.Service):
            raise HTTPError(
                HTTPStatus.FORBIDDEN,
                "Only a service says for accounting why a session ends, and by whom: leave code "
                "and by out.",
            )
        user = self.find_user(user_name)
        spawner: Any = user.spawners.get(server_name) if user else None
        last_end: LastEnd | None = getattr(spawner, "last_end", None)  # other spawners have none
        if last_end is None or not spawner.active:
            raise HTTPError(HTTPStatus.NOT_FOUND, "No such session runs.")
        last_end.announce(announcement)
        self.set_status(HTTPStatus.NO_CONTENT)

    def _announcement(self) -> Announcement:
        """Read the sentence, the path of the page that says more, and what accounting is told."""
        match self.get_json_body():
            case {"reason": str(reason), **more} if len(reason) <= LONGEST_SENTENCE:
                match [more.get(name, "") for name in ("page", "code", "by")]:
                    case [str(page), str(code), str(by)] if (
                        (reason or code)
                        and (not page or _PAGE.fullmatch(page))
                        and code in ("", *EndReason)
                        and len(by) <= LONGEST_USER_NAME
                    ):
                        return Announcement(reason, page, EndReason(code) if code else None, by)
        raise HTTPError(
            HTTPStatus.BAD_REQUEST,
            f"reason must be a sentence of up to {LONGEST_SENTENCE} characters, page a path such "
            f"as services/idle/, code one of {', '.join(EndReason)}, and by a name.",
        )
