"""A real JupyterHub behind a real proxy, with DexOAuthenticator and tiny sessions."""

import os
import sys
from pathlib import Path
from typing import Any

import httpx
from gpucommons_authenticator import TEMPLATES
from gpucommons_contract import NOTICE_SERVICE
from gpucommons_local.machine.programs import program
from gpucommons_sessions.client import NOTICE_SCOPES

from tests.loopback import request

from .dex import CLIENT_ID, CLIENT_SECRET
from .processes import Program, free_port

SERVICE_TOKEN = "service-token-of-the-test"
SQLITE = "sqlite:///hub.sqlite"
"""A database in the folder of the hub."""
WITH_PAGES = """
from gpucommons_config.pages.languages import add_languages
from gpucommons_config.pages.page_policy import protect_pages
add_languages(c)
protect_pages(c)
"""
"""For the end of a configuration: our templates need it, and browsers are told of them."""
_CONFIG = """
from gpucommons_config.pages.brand import add_brand
from gpucommons_config.database.away import say_when_it_is_away
from gpucommons_config.database.timeouts import bound_waits
from gpucommons_sessions import HANDLERS
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = {database!r}
c.JupyterHub.extra_handlers = HANDLERS
c.JupyterHub.template_paths = [{templates!r}]
c.JupyterHub.proxy_class = "gpucommons_sessions.save_before_stop.SavingProxy"
c.JupyterHub.authenticator_class = "gpucommons_authenticator.DexOAuthenticator"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.log_level = "DEBUG"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = [{python!r}, {session!r}]
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
# Where SIGINT is ignored from the start, as in what a shell runs in the background.
c.LocalProcessSpawner.interrupt_timeout = 1
c.JupyterHub.tornado_settings = {{"slow_stop_timeout": 60}}
c.DexOAuthenticator.issuer = {issuer!r}
c.DexOAuthenticator.client_id = {client_id!r}
c.DexOAuthenticator.client_secret = {client_secret!r}
c.DexOAuthenticator.allowed_groups = {{"vision"}}
c.DexOAuthenticator.admin_groups = {{"staff"}}
# Every request asks Dex again: what happens at a refresh shows at once, without waiting.
c.DexOAuthenticator.auth_refresh_age = -1
c.JupyterHub.services = [
    {{"name": "tester", "api_token": {token!r}}}, {{"name": {notices!r}}},
]
c.JupyterHub.load_roles = [
    {{
        "name": "tester",
        "services": ["tester"],
        "scopes": ["admin:users", "admin:servers", "inherit", "tokens"],
    }},
    {{"name": "user", "scopes": ["self"]}},
    {{
        "name": "notices",
        "services": [{notices!r}],
        "scopes": {notice_scopes!r},
    }},
]
add_brand(c)
bound_waits(c)
say_when_it_is_away()
"""


class Hub(Program):
    """The hub at url. Dex is told of it afterwards, by configure()."""

    def __init__(
        self,
        folder: Path,
        session: str = "tiny_session.py",
        database: str = SQLITE,
        scheme: str = "http",
    ):
        """session: the program of one. database: its URL. scheme: as configure() says with more."""
        self._session, self._database = session, database
        self.url = f"{scheme}://127.0.0.1:{free_port()}"
        self._folder = folder
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        super().__init__(
            [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            f"{self.url}/hub/health",
            folder / "hub.log",
            {
                "JUPYTERHUB_CRYPT_KEY": "0f" * 32,
                "CONFIGPROXY_AUTH_TOKEN": "t" * 32,
                "PATH": path,  # the proxy needs node
                "PYTHONDONTWRITEBYTECODE": "",  # or each start compiles all imports again
            },
        )

    def configure(self, issuer: str, more: str = "") -> None:
        """Write the configuration; more is added at its end."""
        text = _CONFIG.format(
            url=self.url,
            hub_port=free_port(),
            proxy_port=free_port(),
            proxy=str(program("configurable-http-proxy")),
            templates=str(TEMPLATES),
            homes=str(self._folder / "homes"),
            python=sys.executable,
            session=str(Path(__file__).with_name(self._session)),
            issuer=issuer,
            database=self._database,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            token=SERVICE_TOKEN,
            notices=NOTICE_SERVICE,
            notice_scopes=list(NOTICE_SCOPES),
        )
        (self._folder / "jupyterhub_config.py").write_text(text + more + WITH_PAGES)

    def api(
        self, method: str, path: str, token: str = SERVICE_TOKEN, json: object = None
    ) -> httpx.Response:
        headers = {"Authorization": f"token {token}"}
        url = f"{self.url}/hub/api/{path}"
        return request(method, url, headers=headers, json=json, timeout=120)

    def server(self, username: str) -> dict[str, Any]:
        """What the hub says of somebody's session; empty if there is none."""
        server: dict[str, Any] = self.api("GET", f"users/{username}").json()["servers"].get("", {})
        return server

    def token_of(self, username: str) -> str:
        """Make an API token that belongs to somebody who has signed in before."""
        answer = self.api("POST", f"users/{username}/tokens")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])
