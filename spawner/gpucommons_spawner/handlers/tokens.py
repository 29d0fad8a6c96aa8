"""The hub endpoint that gives a service tokens for sessions, each good for one session alone.

A service that calls sessions must not send them its own token: who works in a session can read
what it is sent, and could do to everybody's what the service may.
"""

import json
from datetime import timedelta
from http import HTTPStatus

from jupyterhub import orm
from jupyterhub.apihandlers import APIHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.utils import new_token
from sqlalchemy.orm import Session
from tornado.web import HTTPError

MOST_TOKENS = 50
"""At once. The hub answers nobody else while it makes them: about 15 ms for that many."""
LIFE = timedelta(days=1)
"""Short, because a stopped session's token is not taken back; long, because each is a row."""
_CLIENT = "jupyterhub"
"""To which JupyterHub ascribes the tokens that it makes itself."""


class SessionTokensHandler(APIHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Makes tokens for a service that may access all sessions anyway."""

    @needs_scope("access:servers")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Make one token for each server that is named; all in one commit."""
        service = self.current_user
        if not isinstance(service, orm.Service):
            raise HTTPError(HTTPStatus.FORBIDDEN, "These tokens are for services only.")
        tokens = [_add_token(service, self.db, *server) for server in self._servers()]
        self.db.commit()
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps({"tokens": tokens, "expires_in": int(LIFE.total_seconds())}))

    def _servers(self) -> list[tuple[str, str]]:
        match self.get_json_body():
            case {"servers": list(servers)} if len(servers) <= MOST_TOKENS:
                pairs = [tuple(each) for each in servers if _is_server(each)]
                if len(pairs) == len(servers):
                    return pairs
        raise HTTPError(
            HTTPStatus.BAD_REQUEST,
            f"servers must be a list of up to {MOST_TOKENS} pairs: user, server name.",
        )


def _is_server(pair: object) -> bool:
    """Return whether it is a person's name and a server's. A person's has no slash."""
    match pair:
        case [str(user), str(_)]:
            return bool(user) and "/" not in user
    return False


def _add_token(service: orm.Service, db: Session, user: str, server: str) -> str:
    """Make a token, and leave it to be committed. JupyterHub's own way commits each of them."""
    token: str = new_token()
    kept = orm.APIToken(
        generated=True,
        note="one session",
        client_id=_CLIENT,
        scopes=[
            f"access:servers!server={user}/{server}",
            # Which every token of a service may do: see its own name.
            f"read:services:name!service={service.name}",
        ],
        service_id=service.id,
        expires_at=orm.APIToken.now() + LIFE,
    )
    kept.token = token
    db.add(kept)
    return token
