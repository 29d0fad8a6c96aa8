"""A hub with as many sessions as are asked for, written straight into its database."""

import os
import sys
import threading
import time
import warnings
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gpucommons_local.machine.programs import program
from jupyterhub import orm

from tests.hub.processes import Program, free_port

OURS_TOKEN, PEER_TOKEN = "token-of-ours", "token-of-the-peer"
_QUIET_S, _QUIET_CPU_S = 3.0, 0.15
_LONGEST_S = 600
_CONFIG = """
from gpucommons_config.hub import defaults, spare_the_collector
from gpucommons_config.services import add_services
from jupyterhub.spawner import Spawner

class Nothing(Spawner):
    async def start(self):
        raise RuntimeError("nothing starts here")

    async def stop(self, now=False):
        pass

    async def poll(self):
        return None

c.merge(defaults())
spare_the_collector()
c.JupyterHub.bind_url = {url!r}
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.db_url = {database!r}
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.enable_auth_state = False
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = Nothing
c.GPUSpawner.catalogue_file = {catalogue!r}
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
# Nothing goes on by itself: what is measured is what the cullers cause.
c.Spawner.poll_interval = 0
c.JupyterHub.last_activity_interval = 86400
c.JupyterHub.services = [
    {{"name": "idle", "api_token": {ours!r}}}, {{"name": "peer", "api_token": {peer!r}}},
]
c.JupyterHub.load_roles = [
    {{"name": "peer", "services": ["peer"],
      "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"]}},
]
add_services(c)
"""
_CATALOGUE = """
environments:
  scipy: {display_name: SciPy, versions: {"1": {image: example.org/scipy:1, default: true}}}
sizes:
  gpu: {display_name: GPU, cpu: 2, memory: 8G, gpu: {mode: exclusive, count: 1}}
"""
_CHOICE = {"team": "lab", "environment": "scipy", "version": "1", "size": "gpu"}


class IdleHub(Program):
    """A hub whose people have one session each; a small server answers for all of them."""

    start_limit_s = _LONGEST_S

    def __init__(self, folder: Path, sessions: int):
        folder.mkdir()
        self._session = ThreadingHTTPServer(("127.0.0.1", 0), _Session)
        self._thread = threading.Thread(target=self._session.serve_forever)
        self.url = f"http://127.0.0.1:{free_port()}"
        hub_port = free_port()
        self.api_url = f"http://127.0.0.1:{hub_port}/hub/api"
        database = f"sqlite:///{folder / 'hub.sqlite'}"
        (folder / "catalogue.yaml").write_text(_CATALOGUE)
        text = _CONFIG.format(
            url=self.url,
            hub_port=hub_port,
            proxy_port=free_port(),
            proxy=str(program("configurable-http-proxy")),
            catalogue=str(folder / "catalogue.yaml"),
            database=database,
            ours=OURS_TOKEN,
            peer=PEER_TOKEN,
        )
        (folder / "jupyterhub_config.py").write_text(text)
        _fill(database, sessions, self._session.server_port)
        super().__init__(
            [sys.executable, "-m", "jupyterhub", "-f", "jupyterhub_config.py"],
            f"{self.url}/hub/health",
            folder / "hub.log",
            {
                "CONFIGPROXY_AUTH_TOKEN": "t" * 32,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            },
        )

    def start(self) -> None:
        """Start the hub, and wait until it has looked at all sessions."""
        self._thread.start()
        super().start()
        end = time.monotonic() + _LONGEST_S
        before = self.cpu_seconds()
        while True:
            time.sleep(_QUIET_S)
            now = self.cpu_seconds()
            if now - before < _QUIET_CPU_S:
                return
            if time.monotonic() > end:
                raise RuntimeError(f"The hub does not come to rest:\n{self.tail()}")
            before = now

    def stop(self) -> None:
        super().stop()
        if self._thread.is_alive():
            self._session.shutdown()
            self._thread.join()
        self._session.server_close()


class _Session(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


def _fill(database: str, sessions: int, port: int) -> None:
    """Write people with one session each, as JupyterHub does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        db = orm.new_session_factory(database)()
    now = datetime.now(UTC).replace(tzinfo=None)
    # Which JupyterHub would give to each of them at its start, one after the other.
    role = orm.Role(name="user", description="", scopes=["self"])
    db.add(role)
    for number in range(sessions):
        name = f"person-{number:05}"
        user = orm.User(name=name, last_activity=now, roles=[role])
        server = orm.Server(proto="http", ip="127.0.0.1", port=port, base_url=f"/user/{name}/")
        spawner = orm.Spawner(
            user=user,
            server=server,
            name="",
            started=now,
            last_activity=now,
            user_options=_CHOICE,
            state={},
        )
        db.add_all([user, server, spawner])
    db.commit()
    db.close()
