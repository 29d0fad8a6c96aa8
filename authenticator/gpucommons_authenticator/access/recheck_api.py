"""The hub's endpoint that asks Dex at once whether somebody may still be here."""

from gpucommons_contract import Endpoint
from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

_LONGEST_GRACE_S = 86400


class RecheckHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Asks about one person, whatever was asked before, and lets a no take effect."""

    @needs_scope("delete:users")  # type: ignore[untyped-decorator]
    async def post(self, user_name: str) -> None:
        """Say whether the person may stay; if not, sessions stop after ``grace_seconds``.

        Body: ``{"grace_seconds": 0, "unclear_is_no": false}``, both optional. Answers
        ``{"allowed", "reason", "sessions", "stops_at"}``; 404 for somebody unknown.
        """
        grace, unclear_is_no = self._read_body()
        user = self.find_user(user_name)
        if user is None:
            raise HTTPError(404, f"The hub knows nobody called {user_name}")
        access = self.authenticator.access
        reason = await access.reason_to_go(user, self.auth_to_user, unclear_is_no=unclear_is_no)
        sessions: list[str] = []
        stops_at = None
        if reason is not None:
            self.log.warning("%s may not stay: %s", user.name, reason)
            user._auth_refreshed = None  # or their next requests would still count as checked
            sessions, stops_at = await access.send_away(user, grace)
        answer = {"allowed": reason is None, "reason": reason or "", "sessions": sessions}
        self.write({**answer, "stops_at": stops_at})

    def _read_body(self) -> tuple[float, bool]:
        body = self.get_json_body()
        if body is None:
            body = {}
        if not isinstance(body, dict):
            raise HTTPError(400, "The body must be an object")
        grace = body.get("grace_seconds", 0)
        if isinstance(grace, bool) or not isinstance(grace, int | float):
            raise HTTPError(400, "grace_seconds must be a number")
        if not 0 <= grace <= _LONGEST_GRACE_S:
            raise HTTPError(400, f"grace_seconds must be from 0 to {_LONGEST_GRACE_S}")
        unclear_is_no = body.get("unclear_is_no", False)
        if not isinstance(unclear_is_no, bool):
            raise HTTPError(400, "unclear_is_no must be true or false")
        return float(grace), unclear_is_no


RECHECK_PATH = "/" + Endpoint.HUB_RECHECK.format(name="([^/]+)")
