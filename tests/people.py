"""People who sign in to the platform through Dex and use the hub's API."""

import json
import ssl
import time
from typing import Any, Literal

import httpx

from tests.platform import Account, LocalPlatform


class Person:
    """Somebody whose sessions are started and stopped through a hub's API."""

    def __init__(
        self, url: str, username: str, token: str, trusted: ssl.SSLContext | Literal[True] = True
    ) -> None:
        self.username = username
        self.api = httpx.Client(
            base_url=f"{url}/hub/api",
            headers={"Authorization": f"token {token}"},
            timeout=30,
            verify=trusted,
        )

    def servers(self) -> dict[str, Any]:
        """The person's sessions by server name, as the hub's API tells."""
        answer = self.api.get(f"/users/{self.username}")
        answer.raise_for_status()
        return answer.json()["servers"]

    def request_start(
        self, options: dict[str, Any] | None = None, server: str = ""
    ) -> httpx.Response:
        """Ask for a session; gives the hub's answer, whatever it is."""
        return self.api.post(self._server_path(server), json=options)

    def start(
        self, options: dict[str, Any] | None = None, server: str = "", limit: float = 120
    ) -> dict[str, Any]:
        """Start a session and wait until it is ready, following the hub's own progress."""
        self.request_start(options, server).raise_for_status()
        return self.follow(server, limit)[-1]

    def follow(self, server: str = "", limit: float = 120) -> list[dict[str, Any]]:
        """The progress events of a starting session, up to the last one."""
        suffix = "/progress"
        path = self._server_path(server) + suffix
        with self.api.stream("GET", path, timeout=limit) as stream:
            stream.raise_for_status()
            return [
                json.loads(line.removeprefix("data:"))
                for line in stream.iter_lines()
                if line.startswith("data:")
            ]

    def stop(self, server: str = "", limit: float = 60) -> None:
        """Stop a session and wait until it is gone."""
        answer = self.api.delete(self._server_path(server), timeout=limit)
        deadline = time.monotonic() + limit
        while answer.status_code == 202 and server in self.servers():
            assert time.monotonic() < deadline, f"{server!r} of {self.username} does not stop"
            time.sleep(0.2)

    def stop_all(self) -> None:
        """Stop whatever runs."""
        for server in self.servers():
            self.stop(server)

    def _server_path(self, server: str) -> str:
        named = f"servers/{server}" if server else "server"
        return f"/users/{self.username}/{named}"

    def close(self) -> None:
        self.api.close()


class SignedIn(Person):
    """A person with a browser session and an API token of their own."""

    def __init__(self, platform: LocalPlatform, account: Account) -> None:
        self.browser = httpx.Client(
            base_url=platform.url, follow_redirects=True, timeout=30, verify=platform.trusted
        )
        page = self.browser.get("/hub/oauth_login")
        action = httpx.URL(platform.issuer).join(_form_action(page.text))
        form = {"login": account.username, "password": account.password}
        page = self.browser.post(action, data=form)
        page.raise_for_status()
        xsrf = next(c.value for c in self.browser.cookies.jar if c.name == "_xsrf")
        answer = self.browser.post(
            f"/hub/api/users/{account.username}/tokens",
            json={"note": "tests"},
            headers={"X-XSRFToken": xsrf or ""},
        )
        answer.raise_for_status()
        token = answer.json()["token"]
        super().__init__(platform.url, account.username, token, platform.trusted)

    def close(self) -> None:
        self.browser.close()
        super().close()


def _form_action(page: str) -> str:
    start = page.index('action="') + len('action="')
    return page[start : page.index('"', start)].replace("&amp;", "&")
