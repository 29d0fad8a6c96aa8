"""A hub whose sessions are JupyterLabs that know a service of earlier files."""

import sys
from pathlib import Path
from typing import Any

import httpx
from gpucommons_config.hub import defaults
from gpucommons_local.machine.programs import programs_folder

from tests.loopback import request
from tests.waiting import until

from ..jupyter_lab import EXTENSION, REPOSITORY
from ..login_hub import Hub
from ..processes import Program, free_port
from .store import Store

WISHES_TOKEN = "wishes-token-of-the-test"
FILES_TOKEN = "files-token-of-the-test"
PEOPLE_TOKEN = "people-token-of-the-test"
_MORE = """
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.template_paths = []
c.JupyterHub.allow_named_servers = True
c.Authenticator.allow_all = True
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--LabApp.app_settings_dir=" + {settings!r}]
c.Spawner.default_url = "/lab"
c.Spawner.server_token_scopes = {scopes!r}
c.Spawner.environment = {{
    "JUPYTER_PATH": {data!r},
    "JUPYTER_CONFIG_PATH": {config!r},
    "GPUCOMMONS_FILES_URL": {files!r},
    "GPUCOMMONS_TEAM_FOLDER": lambda spawner: {homes!r} + "/" + spawner.user.name + "/team",
}}
c.JupyterHub.services.append({{"name": "files", "api_token": {token!r}, "url": {address!r}}})
c.JupyterHub.services.append({{"name": "gpucommons-people", "api_token": {people!r}}})
from gpucommons_config.services import add_services
add_services(c)
"""


class FilesHub(Hub):
    """The hub, and the service below it. The tests start sessions for a team."""

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder)
        self.folder = folder
        port = free_port()
        self.files_url = f"http://127.0.0.1:{port}/services/files"
        self._settle(f"http://127.0.0.1:{port}")
        self.wishes_token = folder / "wishes-token"
        self.wishes_token.write_text(WISHES_TOKEN)
        settings = folder / "files.yaml"
        settings.write_text(
            f"store: rest:{store.url}\nrecords: {store.records}\nport: {port}\n"
            f"address: 127.0.0.1\ncache: {folder / 'cache'}\nwishes_token: wishes-token\n"
        )
        command = [sys.executable, "-m", "gpucommons_config.command", "backup", "serve"]
        self.service = Program(
            [*command, "--config", str(settings)],
            f"{self.files_url}/health",
            folder / "files.log",
            {
                "JUPYTERHUB_API_URL": f"{self.url}/hub/api",
                "JUPYTERHUB_API_TOKEN": FILES_TOKEN,
                "PATH": f"{programs_folder() / 'bin'}:/usr/bin:/bin",
            },
        )

    def _settle(self, address: str) -> None:
        extensions = self.folder / "share" / "labextensions" / "@gpucommons"
        extensions.mkdir(parents=True)
        (extensions / "lab").symlink_to(EXTENSION / "gpucommons_lab" / "labextension")
        settings = self.folder / "settings"
        settings.mkdir()
        (settings / "overrides.json").symlink_to(REPOSITORY / "images" / "base" / "overrides.json")
        more = _MORE.format(
            python=sys.executable,
            settings=str(settings),
            scopes=defaults().Spawner.server_token_scopes,
            data=str(self.folder / "share"),
            config=str(EXTENSION / "jupyter-config"),
            files=self.files_url,
            homes=str(self.folder / "homes"),
            token=FILES_TOKEN,
            people=PEOPLE_TOKEN,
            address=address,
        )
        self.configure("http://127.0.0.1:1", more)

    def home(self, person: str) -> Path:
        home = self.folder / "homes" / person
        home.mkdir(parents=True, exist_ok=True)
        return home

    def start_session(self, person: str, team: str, server: str = "") -> str:
        """Start one, and return the token that the hub gave it."""
        self.home(person)
        self.api("POST", f"users/{person}")
        path = f"servers/{server}" if server else "server"
        started = self.api("POST", f"users/{person}/{path}", json={"team": team})
        assert started.status_code in {201, 202}, started.text
        until(lambda: self.servers(person).get(server, {}).get("ready"))
        return self.session_token(person, server)

    def servers(self, person: str) -> dict[str, Any]:
        servers: dict[str, Any] = self.api("GET", f"users/{person}").json()["servers"]
        return servers

    def stop_sessions(self) -> None:
        people = [each["name"] for each in self.api("GET", "users").json()]
        for person in people:
            for server in self.servers(person):
                path = f"servers/{server}" if server else "server"
                self.api("DELETE", f"users/{person}/{path}")
        until(lambda: not any(each["ready"] for p in people for each in self.servers(p).values()))

    def session_token(self, person: str, server: str = "") -> str:
        """The token in the environment of a session's server, as whoever works there reads it."""
        prefix = f"JUPYTERHUB_SERVICE_PREFIX=/user/{person}/{server + '/' if server else ''}"
        for each in Path("/proc").glob("[0-9]*/environ"):
            try:
                variables = each.read_bytes().decode(errors="replace").split("\0")
            except OSError:  # it ended meanwhile
                continue
            if prefix in variables and f"GPUCOMMONS_FILES_URL={self.files_url}" in variables:
                return next(
                    v.partition("=")[2] for v in variables if v.startswith("JUPYTERHUB_API_TOKEN=")
                )
        raise AssertionError(f"{person} has no session")

    def files(self, what: str, token: str, **query: Any) -> httpx.Response:
        """Ask the service as a session does."""
        headers = {"Authorization": f"token {token}"}
        url = f"{self.files_url}/api/{what}"
        return request("GET", url, headers=headers, params=query, timeout=60)
