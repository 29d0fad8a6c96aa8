"""The hub as one person sees it: its pages in a browser, and its API with a token of theirs."""

import json as jsonlib
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urljoin, urlsplit

import httpx

from gpucommons_doctor.after.step import StepFailedError

_ANSWER_S = 60.0
"""The hub answers a start or stop after ten seconds at the latest, unless it is set otherwise."""
_TOKEN_LIFE_S = 4 * 3600
"""Far longer than a look takes. The token is taken back at its end."""
_LONGEST = 300
"""Characters of an answer that are shown."""
_EVENT = "data:"


class RefusedError(StepFailedError):
    """The hub or the session answered that it does not do this. message is its own, if any."""

    def __init__(self, answer: httpx.Response) -> None:
        self.status, self.message = answer.status_code, _message(answer)
        asked = f"{answer.request.method} {answer.request.url.path}"
        super().__init__(
            f"{asked} was answered with {self.status}: {self.message}",
            "Look at the log of the hub, and at what is in front of it.",
        )


class Hub:
    """A hub at an address, and one person there once they are signed in."""

    def __init__(self, address: str, trust: ssl.SSLContext) -> None:
        """address: what people open, such as https://hub.example.org."""
        self.address = address.rstrip("/").removesuffix("/hub")
        self.trust = trust
        self.person = ""
        """Their user name, from the sign-in on."""
        self.browser = httpx.AsyncClient(verify=trust, timeout=_ANSWER_S, follow_redirects=True)
        """For pages. After a sign-in with a token it shows this instead of a cookie."""
        self._api = httpx.AsyncClient(verify=trust, timeout=_ANSWER_S)
        self._own_token = ""
        """The id of the token that was made here."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        """Take the token back that was made here. Whatever hinders that, it runs out."""
        if self._own_token:
            with suppress(httpx.HTTPError, RefusedError):
                await self.call("DELETE", self.of_person(f"tokens/{self._own_token}"))
        await self.browser.aclose()
        await self._api.aclose()

    @property
    def base_path(self) -> str:
        """The path below which everything of JupyterHub is, without a slash at its end."""
        return urlsplit(self.address).path

    @property
    def token_header(self) -> dict[str, str]:
        """What shows the hub and its sessions whose a request is."""
        return {"Authorization": self._api.headers.get("Authorization", "")}

    def of_person(self, path: str = "") -> str:
        """Return the address of something of the person's in the hub's API."""
        whole = f"{self.address}/hub/api/users/{quote(self.person, safe='')}"
        return f"{whole}/{path}" if path else whole

    def at(self, url: str) -> str:
        """Return the full address of a URL as the hub writes it, from the root of its host."""
        return urljoin(f"{self.address}/", url)

    async def show_token(self, token: str) -> None:
        """Sign in with a token. Raises StepFailedError if it is not a person's."""
        self._api.headers["Authorization"] = f"token {token}"
        try:
            who = await self.call("GET", f"{self.address}/hub/api/user")
        except RefusedError as error:
            if error.status != httpx.codes.FORBIDDEN:
                raise
            raise StepFailedError("The hub does not know the token.", _NEW_TOKEN) from error
        if who.get("kind") != "user":
            raise StepFailedError(
                f"The token is a {who.get('kind')}'s, not a person's.", _NEW_TOKEN
            )
        if "servers" not in who:
            raise StepFailedError(
                "The token does not let its owner's sessions be seen.",
                f"{_NEW_TOKEN} Leave its scopes empty, so that it may do what the person may.",
            )
        self.person = who["name"]
        if not self.browser.cookies:
            self.browser.headers.update(self.token_header)

    async def make_token(self) -> None:
        """Make a token for the person that the browser is signed in as, and use it."""
        xsrf = {
            "X-XSRFToken": next(
                (
                    each.value or ""
                    for each in self.browser.cookies.jar
                    if each.name == "_xsrf" and each.path == f"{self.base_path}/hub/"
                ),
                "",
            )
        }
        who = _content(await self.browser.get(f"{self.address}/hub/api/user", headers=xsrf))
        self.person = who["name"]
        asked = {"note": "gpucommons doctor", "expires_in": _TOKEN_LIFE_S}
        url = self.of_person("tokens")
        made = _content(await self.browser.post(url, json=asked, headers=xsrf))
        self._own_token = made["id"]
        await self.show_token(made["token"])

    async def call(self, method: str, url: str, json: object = None) -> Any:  # noqa: ANN401 -- JSON
        """Ask the hub or a session for something; returns what it says, None if nothing.

        Raises RefusedError.
        """
        return _content(await self._api.request(method, url, json=json))

    async def events(self, url: str) -> AsyncIterator[dict[str, Any]]:
        """Yield the events of a stream until it ends. Raises RefusedError."""
        async with self._api.stream("GET", url) as stream:
            if not stream.is_success:
                await stream.aread()
                raise RefusedError(stream)
            async for line in stream.aiter_lines():
                if line.startswith(_EVENT):
                    yield jsonlib.loads(line.removeprefix(_EVENT))


_NEW_TOKEN = "Make one on the hub's page /hub/token, signed in as that person."  # noqa: S105


def _content(answer: httpx.Response) -> Any:  # noqa: ANN401 -- JSON
    if not answer.is_success:
        raise RefusedError(answer)
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as error:
        raise RefusedError(answer) from error


def _message(answer: httpx.Response) -> str:
    """Return what JupyterHub or a session says of a refusal, or the beginning of something else."""
    with suppress(ValueError, AttributeError):
        if message := answer.json().get("message"):
            return str(message)
    return answer.text[:_LONGEST].strip() or answer.reason_phrase
