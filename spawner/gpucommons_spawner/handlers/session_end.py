"""The hub endpoint that takes a reason before a session is stopped, for its person to read."""

import re
from http import HTTPStatus
from typing import Any

from jupyterhub.apihandlers import APIHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

from gpucommons_spawner.lifecycle.last_end import LastEnd
from gpucommons_spawner.pod_state.pod_end import LONGEST_SENTENCE

_PAGE = re.compile(r"services/[A-Za-z0-9._~-]+/")
"""Pages of services only: a sentence must lead nobody elsewhere."""


class SessionEndHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Notes why somebody is about to stop a session. Stopping it is another request."""

    @needs_scope("delete:servers")  # type: ignore[untyped-decorator]
    async def put(self, user_name: str, server_name: str = "") -> None:
        """Keep the sentence for the pages that the person sees once the session is over."""
        reason, page = self._reason_and_page()
        user = self.find_user(user_name)
        spawner: Any = user.spawners.get(server_name) if user else None
        last_end: LastEnd | None = getattr(spawner, "last_end", None)  # other spawners have none
        if last_end is None or not spawner.active:
            raise HTTPError(HTTPStatus.NOT_FOUND, "No such session runs.")
        last_end.announce(reason, page)
        self.set_status(HTTPStatus.NO_CONTENT)

    def _reason_and_page(self) -> tuple[str, str]:
        """Read the sentence, and the path of the page that says more."""
        match self.get_json_body():
            case {"reason": str(reason), **more} if 0 < len(reason) <= LONGEST_SENTENCE:
                page = more.get("page", "")
                if isinstance(page, str) and (not page or _PAGE.fullmatch(page)):
                    return reason, page
        raise HTTPError(
            HTTPStatus.BAD_REQUEST,
            f"reason must be a sentence of up to {LONGEST_SENTENCE} characters, and page a path "
            "such as services/idle/.",
        )
