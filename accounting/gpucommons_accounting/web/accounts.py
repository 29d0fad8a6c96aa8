"""Since when visitors have their accounts: by that the hub tells apart who has had one name."""

import json
import logging
from collections import OrderedDict
from http import HTTPStatus
from urllib.parse import quote

from gpucommons_web.access import Caller, RefusedError
from jupyterhub.services.auth import HubOAuth
from jupyterhub.utils import url_path_join
from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest

_KEPT = 10_000
_SECONDS = 10.0
_IS_THE_HUBS = "X-JupyterHub-Version"
"""Tells "no such user" from a wrong address, which must not read as "nobody is there"."""
log = logging.getLogger(__name__)


class AccountUnknownError(Exception):
    """The hub does not say since when there is an account, or whether there is one."""


class Accounts:
    """Asks the hub, and keeps the answer for as long as the visitor's token is good."""

    def __init__(self, hub_auth: HubOAuth) -> None:
        self._hub_auth = hub_auth
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def since(self, caller: Caller) -> str:
        """Return when a visitor's account was made. Raises RefusedError if that cannot be had."""
        if caller.name is None:
            raise ValueError(f"{caller.title} is no account")
        key = caller.name, caller.token
        if found := self._known.get(key):
            return found
        try:
            found = await self.since_of(caller.name)
        except AccountUnknownError as error:
            log.warning("It is not known who %s is: %s", caller.title, error)
        if not found:
            message = (
                "The hub does not say who you are at the moment. Try again in a minute; if it "
                "keeps failing, tell an administrator."
            )
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, message)
        if caller.token:  # or nothing would say until when the answer is good
            self._known[key] = found
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return found

    async def since_of(self, name: str) -> str | None:
        """Return when an account was made; None where the hub says that there is none.

        Raises AccountUnknownError where it says neither.
        """
        url = url_path_join(self._hub_auth.api_url, "users", quote(name, safe="@~"))
        headers = {"Authorization": f"token {self._hub_auth.api_token}"}
        request = HTTPRequest(
            url, headers=headers, connect_timeout=_SECONDS, request_timeout=_SECONDS
        )
        try:
            answer = await AsyncHTTPClient().fetch(request, raise_error=False)
            if answer.code == HTTPStatus.NOT_FOUND and _IS_THE_HUBS in answer.headers:
                return None
            answer.rethrow()
            return str(json.loads(answer.body)["created"])
        except KeyError:
            raise AccountUnknownError("accounting needs the hub's scope read:users") from None
        except (HTTPError, OSError, ValueError, TypeError) as error:
            raise AccountUnknownError(f"{url}: {error}") from error
