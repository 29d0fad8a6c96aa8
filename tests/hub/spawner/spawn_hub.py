"""A real JupyterHub with GPUSpawner on the API server of the test."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from gpucommons_local.machine.programs import program
from gpucommons_spawner import TEMPLATES

from tests.loopback import request
from tests.waiting import until

from ..login_hub import SQLITE, WITH_PAGES
from ..processes import Program, free_port

START_SLOTS = 8
ADMIN_TOKEN = "admin-token-of-the-test"
PATIENT = """
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 60, "slow_stop_timeout": 1}
c.GPUSpawner.start_timeout = 60
"""
"""With these, an answer says how a start ended, on a busy machine too."""
SAVING = 'c.JupyterHub.proxy_class = "gpucommons_sessions.SavingProxy"\n'
"""With this, pages are asked to save before a session is stopped, as on a cluster."""
_ANSWER_AFTER = "Answer-After"
"""A header: seconds, in the place of slow_spawn_timeout for this request."""
_CONFIG = """
from gpucommons_sessions.client import show_notice
from jupyterhub.handlers.base import BaseHandler
from gpucommons_config.database.away import say_when_it_is_away
from gpucommons_config.database.timeouts import bound_waits
from gpucommons_config.services import add_services
from gpucommons_config.hub_start import begin_with_the_hub
from gpucommons_spawner import (
    HANDLERS, GPUSpawner, landing_page, lead_stale_presses, note_who_stops
)
from gpucommons_spawner.availability.change_signal import ChangeSignal
GPUSpawner.hub_state.change_signal = ChangeSignal(beat_seconds={beat_seconds})
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = {database!r}
c.JupyterHub.cleanup_servers = False
c.JupyterHub.template_paths = [{templates!r}]
c.JupyterHub.extra_handlers = HANDLERS
c.JupyterHub.default_url = landing_page
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "gpucommons_spawner.GPUSpawner"
c.JupyterHub.allow_named_servers = True
c.JupyterHub.log_level = "DEBUG"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {{"boss"}}
c.Authenticator.manage_groups = False
c.JupyterHub.load_groups = {{
    "researchers": {{"users": ["rosa", "ruth"]}},
    "vision": {{"users": ["ada", "boss", "rosa", "ruth", "sam", "tia", "tom"]}},
    "astro": {{"users": ["tia"]}},
}}
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.GPUSpawner.catalogue_file = {catalogue!r}
c.GPUSpawner.storage_class = "usual"
c.GPUSpawner.port = {session_port}
c.GPUSpawner.unschedulable_timeout = 1
c.GPUSpawner.start_timeout = 20
c.GPUSpawner.start_slots = {slots}
c.JupyterHub.concurrent_spawn_limit = 0
c.GPUSpawner.group_overrides = {{
    "impatient": {{"groups": ["impatient"], "spawner_override": {{"start_timeout": 3}}}},
    "patient": {{"groups": ["patient"], "spawner_override": {{"start_timeout": 120}}}},
}}
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 3, "slow_stop_timeout": 1}}
c.JupyterHub.services = [{{"name": "tester", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "tester", "services": ["tester"],
      "scopes": ["admin:users", "admin:servers", "admin:groups", "tokens", "inherit",
                 "admin-ui", "read:metrics"]}},
]
BaseHandler.slow_spawn_timeout = property(
    lambda handler: float(
        handler.request.headers.get({answer_after!r})
        or handler.settings.get("slow_spawn_timeout", 10)
    )
)
add_services(c)
bound_waits(c)
say_when_it_is_away()
note_who_stops()
lead_stale_presses()
begin_with_the_hub()
c.GPUSpawner.show_notice = show_notice
"""


class SpawnHub(Program):
    """The hub at ``url``; ``user`` answers with a client that acts for somebody."""

    def __init__(
        self,
        folder: Path,
        catalogue: Path,
        kubeconfig: Path,
        session_port: int,
        *,
        beat_seconds: float = 3,
        database: str = SQLITE,
        more: str = "",
    ):
        """database: its URL. more: configuration, after all the rest."""
        self.url = f"http://127.0.0.1:{free_port()}"
        config = _CONFIG.format(
            url=self.url,
            hub_port=free_port(),
            proxy_port=free_port(),
            proxy=str(program("configurable-http-proxy")),
            templates=str(TEMPLATES),
            catalogue=str(catalogue),
            session_port=session_port,
            database=database,
            beat_seconds=beat_seconds,
            token=ADMIN_TOKEN,
            answer_after=_ANSWER_AFTER,
            slots=START_SLOTS,
        )
        (folder / "jupyterhub_config.py").write_text(config + more + WITH_PAGES)
        super().__init__(
            [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            f"{self.url}/hub/health",
            folder / "hub.log",
            {
                "KUBECONFIG": str(kubeconfig),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "CONFIGPROXY_AUTH_TOKEN": "t" * 32,
            },
        )

    def api(
        self,
        method: str,
        path: str,
        timeout: float = 120,
        accept: str = "*/*",
        headers: dict[str, str] | None = None,
        **more,
    ) -> httpx.Response:
        return request(
            method,
            f"{self.url}/hub/api/{path}",
            headers={
                "Authorization": f"token {ADMIN_TOKEN}",
                "Accept": accept,
                **(headers or {}),
            },
            timeout=timeout,
            **more,
        )

    def start_server(
        self, name: str, options: object = None, server: str = "", answer_after: float | None = None
    ) -> httpx.Response:
        """answer_after: seconds after which the hub leaves a start that goes on to itself."""
        if self.api("GET", f"users/{name}").status_code == 404:
            assert self.api("POST", f"users/{name}").status_code == 201
        path = f"users/{name}/servers/{server}" if server else f"users/{name}/server"
        headers = {_ANSWER_AFTER: str(answer_after)} if answer_after else None
        return self.api("POST", path, headers=headers, json=options)

    def join(self, name: str, team: str) -> None:
        if self.api("GET", f"users/{name}").status_code == 404:
            assert self.api("POST", f"users/{name}").status_code == 201
        self.api("POST", f"groups/{team}")
        answer = self.api("POST", f"groups/{team}/users", json={"users": [name]})
        assert answer.status_code == 200, answer.text

    def leave(self, name: str, team: str) -> None:
        answer = self.api("DELETE", f"groups/{team}/users", json={"users": [name]})
        assert answer.status_code == 200, answer.text

    def stop_server(self, name: str, server: str = "") -> None:
        path = f"users/{name}/servers/{server}" if server else f"users/{name}/server"
        self.api("DELETE", path)
        self.until(lambda: server not in self.servers(name))

    @contextmanager
    def progress(self, name: str) -> Iterator[Iterator[str]]:
        """The lines of what a person is told while they wait."""
        url = f"{self.url}/hub/api/users/{name}/server/progress"
        headers = {"Authorization": f"token {ADMIN_TOKEN}"}
        with httpx.stream("GET", url, headers=headers, timeout=60) as answer:
            assert answer.status_code == 200
            yield answer.iter_lines()

    def servers(self, name: str) -> dict:
        return self.api("GET", f"users/{name}").json()["servers"]

    def availability(self, name: str, server: str = "") -> dict:
        query = {"user": name, "server": server}
        answer = self.api("GET", "gpucommons/availability", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @contextmanager
    def availability_stream(self, name: str, **more: str) -> Iterator[Iterator[str]]:
        """The lines of what a page is told that is looked at."""
        url = f"{self.url}/hub/api/gpucommons/availability"
        headers = {"Authorization": f"token {ADMIN_TOKEN}", "Accept": "text/event-stream"}
        query = {"user": name, **more}
        with httpx.stream("GET", url, params=query, headers=headers, timeout=60) as answer:
            answer.raise_for_status()
            yield (line for line in answer.iter_lines() if line)

    def until(self, condition, seconds: float = 120):
        return until(condition, seconds, instead=self.tail)
