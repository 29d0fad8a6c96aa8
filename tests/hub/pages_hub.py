"""A real hub with pages of one of our services; anybody signs in."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import program

from tests.loopback import request

from .processes import Program, free_port

_TOKEN = "token-of-the-tester"
_HUB_TOKEN = "token-of-the-hub-itself"
_CONFIG = """
from gpucommons_config.pages.brand import add_brand
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
        "name": {name!r},
        "url": "http://127.0.0.1:{service_port}",
        "command": {command!r},
        "environment": {environment!r},
        "cwd": {checkout!r},
        "oauth_no_confirm": True,
        "oauth_client_allowed_scopes": ["admin-ui"],
    }},
    {{"name": "tester", "api_token": {token!r}}},
    {{"name": "gpucommons-notices", "api_token": {hub_token!r}}},
]
c.JupyterHub.custom_scopes = {{"custom:gpucommons:read:balances": {{"description": "Balances."}}}}
c.JupyterHub.load_roles = [
    {{"name": "user", "scopes": ["self", "access:services!service={name}"]}},
    *([{{"name": {name!r}, "services": [{name!r}], "scopes": {scopes!r}}}] if {scopes!r} else []),
    {{"name": "tester", "services": ["tester"], "scopes": ["admin:users", "tokens", "inherit",
      "read:metrics"]}},
    {{"name": "gpucommons-notices", "services": ["gpucommons-notices"], "scopes": [
      "access:services!service={name}", "custom:gpucommons:read:balances"]}},
]
add_brand(c)
"""


class PagesHub(Program):
    """The hub at ``url``."""

    def __init__(
        self,
        folder: Path,
        service: Sequence[str] = (),
        *,
        name: str = "idle",
        environment: Mapping[str, str] | None = None,
        scopes: Sequence[str] = (),
    ):
        """``service`` is another module than the culler's to run, with its arguments.

        ``scopes``: what it may do at the hub.
        """
        self.name = name
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
            environment=dict(environment or {}),
            name=name,
            scopes=list(scopes),
            checkout=str(checkout()),
            token=_TOKEN,
            hub_token=_HUB_TOKEN,
        )
        (folder / "jupyterhub_config.py").write_text(text)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        super().__init__(
            [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            f"{self.url}/services/{name}/health",
            folder / "hub.log",
            {"PATH": path, "PYTHONDONTWRITEBYTECODE": ""},
        )

    def token_of(self, name: str, *scopes: str) -> str:
        """Make a token of somebody who has signed in before."""
        answer = self._api("POST", f"users/{name}/tokens", {"scopes": scopes} if scopes else {})
        return str(answer["token"])

    def add(self, name: str) -> None:
        self._api("POST", f"users/{name}", {})

    def since_of(self, name: str) -> str:
        """Return when somebody's account was made, as the hub writes it on their pods."""
        return str(self._api("GET", f"users/{name}", None)["created"])

    def _api(self, method: str, path: str, body: object) -> dict[str, object]:
        url, headers = f"{self.url}/hub/api/{path}", {"Authorization": f"token {_TOKEN}"}
        answer = request(method, url, headers=headers, json=body, timeout=60)
        answer.raise_for_status()
        found: dict[str, object] = answer.json()
        return found

    def ask(self, method: str, path: str, token: str, body: object = None) -> httpx.Response:
        """Call the service with a token, through the proxy."""
        url = f"{self.url}/services/{self.name}/{path}"
        headers = {"Authorization": f"token {token}"}
        return request(method, url, headers=headers, json=body, timeout=60)

    @property
    def tester_token(self) -> str:
        return _TOKEN

    @property
    def own_token(self) -> str:
        """With which the hub itself asks the service."""
        return _HUB_TOKEN
