"""A real JupyterHub behind a real proxy, with small sessions, as the culler finds it."""

import os
import sys
from pathlib import Path
from urllib.parse import quote

import httpx
from gpucommons_local.machine.programs import program

from tests.loopback import request
from tests.waiting import until

from ..processes import Program, free_port

ADMIN_TOKEN = "admin-token-of-the-test"
IDLE_TOKEN = "idle-token-of-the-test"
CATALOGUE = Path(__file__).parents[1] / "spawner" / "catalogue.yaml"
_CONFIG = """
import asyncio, os
from pathlib import Path
from gpucommons_config.services import add_services
from gpucommons_spawner import HANDLERS
from jupyterhub.spawner import SimpleLocalProcessSpawner

class Held(SimpleLocalProcessSpawner):
    # Starts and stops wait as long as there is a file hold in the folder.
    async def _wait(self):
        while (Path(self.home_dir) / "hold").exists():
            await asyncio.sleep(0.05)

    async def start(self):
        await self._wait()
        return await super().start()

    async def stop(self, now=False):
        await self._wait()
        await super().stop(now)

c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = "sqlite:///hub.sqlite"
c.JupyterHub.extra_handlers = HANDLERS
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = Held
c.JupyterHub.allow_named_servers = True
c.JupyterHub.log_level = "DEBUG"
c.JupyterHub.cleanup_servers = False
c.JupyterHub.activity_resolution = 0
c.JupyterHub.last_activity_interval = 1
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 1, "slow_stop_timeout": 1}}
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {{"boss"}}
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = [{python!r}, {session!r}]
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
# Where SIGINT is ignored from the start, as in what a shell runs in the background.
c.LocalProcessSpawner.interrupt_timeout = 1
c.GPUSpawner.catalogue_file = {catalogue!r}
c.JupyterHub.services = [
    {{"name": "tester", "api_token": {token!r}}}, {{"name": "idle", "api_token": {idle!r}}},
]
c.JupyterHub.load_roles = [
    {{"name": "tester", "services": ["tester"],
      "scopes": ["admin:users", "admin:servers", "inherit", "tokens"]}},
]
add_services(c)
"""


class CullerHub(Program):
    """The hub at ``url``, its API at ``api_url``. Sessions outlive it."""

    def __init__(self, folder: Path, base_url: str = "/"):
        self.base = f"http://127.0.0.1:{free_port()}"
        self.url = self.base + base_url.rstrip("/")
        self.homes = folder / "homes"
        hub_port = free_port()
        self.api_url = f"http://127.0.0.1:{hub_port}{base_url}hub/api"
        text = _CONFIG.format(
            url=self.base + base_url,
            hub_port=hub_port,
            proxy_port=free_port(),
            proxy=str(program("configurable-http-proxy")),
            homes=str(self.homes),
            python=sys.executable,
            session=str(Path(__file__).with_name("watched_session.py")),
            catalogue=str(CATALOGUE),
            token=ADMIN_TOKEN,
            idle=IDLE_TOKEN,
        )
        (folder / "jupyterhub_config.py").write_text(text)
        super().__init__(
            [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            f"{self.url}/hub/health",
            folder / "hub.log",
            {
                "CONFIGPROXY_AUTH_TOKEN": "t" * 32,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            },
        )

    def api(
        self, method: str, path: str, token: str = ADMIN_TOKEN, json: object = None, **query: object
    ) -> httpx.Response:
        headers = {"Authorization": f"token {token}"}
        url = f"{self.api_url}/{path}"
        return request(method, url, headers=headers, json=json, params=query, timeout=60)

    def start_server(self, user: str, server: str = "", options: dict | None = None) -> None:
        """Start a server, and wait until it is ready."""
        self.begin_server(user, server, options)
        self.until(lambda: self.servers(user).get(server, {}).get("ready"))

    def begin_server(self, user: str, server: str = "", options: dict | None = None) -> None:
        person = f"users/{quote(user, safe='@')}"
        self.home(user)
        self.api("POST", person)
        path = f"{person}/servers/{quote(server, safe='')}" if server else f"{person}/server"
        answer = self.api("POST", path, json=options or {})
        assert answer.status_code in {201, 202}, answer.text

    def stop_all(self) -> None:
        for user in self.api("GET", "users").json():
            (self.home(user["name"]) / "hold").unlink(missing_ok=True)
            for server in user["servers"]:
                person = f"users/{quote(user['name'], safe='@')}"
                path = f"servers/{quote(server, safe='')}" if server else "server"
                self.api("DELETE", f"{person}/{path}")
            self.until(lambda user=user: not self.servers(user["name"]))

    def servers(self, user: str) -> dict:
        return self.api("GET", f"users/{quote(user, safe='@')}").json()["servers"]

    def home(self, user: str) -> Path:
        home = self.homes / user
        home.mkdir(parents=True, exist_ok=True)
        return home

    def until(self, condition):
        return until(condition, instead=self.tail)
