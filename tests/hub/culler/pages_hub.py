"""A real hub with the culler's pages as its service; anybody signs in."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import program

from tests.hub.processes import Program, free_port

_TOKEN = "token-of-the-tester"
_CONFIG = """
from gpucommons_config.brand import add_brand
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {{"root"}}
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.services = [
    {{
        "name": "idle",
        "url": "http://127.0.0.1:{service_port}",
        "command": {command!r},
        "cwd": {checkout!r},
        "oauth_no_confirm": True,
        "oauth_client_allowed_scopes": ["admin-ui"],
    }},
    {{"name": "tester", "api_token": {token!r}}},
]
c.JupyterHub.load_roles = [
    {{"name": "user", "scopes": ["self", "access:services!service=idle"]}},
    {{"name": "tester", "services": ["tester"], "scopes": ["admin:users", "tokens", "inherit",
      "read:metrics"]}},
]
add_brand(c)
"""


class PagesHub(Program):
    """The hub at ``url``."""

    def __init__(self, folder: Path, service: Sequence[str] = ()):
        """``service`` is another module to run, with its arguments."""
        self.url = f"http://127.0.0.1:{free_port()}"
        self.service_port = free_port()
        usual = ["tests.hub.culler.served_pages", f"sqlite:///{folder}/idle.sqlite"]
        command = [sys.executable, "-m", *(service or usual)]
        text = _CONFIG.format(
            url=self.url,
            hub_port=free_port(),
            proxy_port=free_port(),
            service_port=self.service_port,
            proxy=str(program("configurable-http-proxy")),
            command=command,
            checkout=str(checkout()),
            token=_TOKEN,
        )
        (folder / "jupyterhub_config.py").write_text(text)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        super().__init__(
            [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            f"{self.url}/services/idle/health",
            folder / "hub.log",
            {"PATH": path, "PYTHONDONTWRITEBYTECODE": ""},
        )

    def token_of(self, name: str, *scopes: str) -> str:
        """Make a token of somebody who has signed in before."""
        answer = self._api("POST", f"users/{name}/tokens", {"scopes": scopes} if scopes else {})
        return str(answer["token"])

    def add(self, name: str) -> None:
        self._api("POST", f"users/{name}", {})

    def _api(self, method: str, path: str, body: object) -> dict[str, object]:
        url, headers = f"{self.url}/hub/api/{path}", {"Authorization": f"token {_TOKEN}"}
        answer = httpx.request(method, url, headers=headers, json=body, timeout=60)
        answer.raise_for_status()
        found: dict[str, object] = answer.json()
        return found

    def idle(self, method: str, path: str, token: str, body: object = None) -> httpx.Response:
        """Call the service with a token, through the proxy."""
        url, headers = f"{self.url}/services/idle/{path}", {"Authorization": f"token {token}"}
        return httpx.request(method, url, headers=headers, json=body, timeout=60)

    @property
    def tester_token(self) -> str:
        return _TOKEN
