"""A session's server, started as the image starts it, and a hub that says who asks."""

import json
import os
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from jupyter_client.blocking.client import BlockingKernelClient
from jupyterhub import __version__

from tests.hub.jupyter_lab import NO_WARNINGS
from tests.hub.processes import Program, free_port

from .conftest import CONFIG, TOKEN

_IMAGE = Path(__file__).parents[3] / "images" / "base"
_SETTINGS = ("jupyter_lab_config.json", "jupyter_server_config.json")
_USER = "/user/ana"
_PERSON = {
    "kind": "user",
    "name": "ana",
    "admin": False,
    "groups": [],
    "scopes": ["access:servers"],
    "token_id": "a1",
    "session_id": None,
}


class StubHub:
    """Knows one person, by any token."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hub/api"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-JupyterHub-Version", __version__)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(_PERSON).encode())

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


class SingleUser:
    """The server of ana's session; ``home`` is her home folder."""

    def __init__(self, folder: Path, hub: StubHub) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.runtime = folder / "runtime"
        config = shutil.copytree(CONFIG, folder / "config")
        for name in _SETTINGS:
            shutil.copy(_IMAGE / name, config)
        port = free_port()
        self._url = f"http://127.0.0.1:{port}{_USER}"
        environment = {
            "HOME": str(self.home),
            "JUPYTER_CONFIG_PATH": str(config),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "PYTHONNOUSERSITE": "1",
            "JUPYTERHUB_SERVICE_URL": f"{self._url}/",
            "JUPYTERHUB_SERVICE_PREFIX": f"{_USER}/",
            "JUPYTERHUB_API_URL": hub.url,
            "JUPYTERHUB_API_TOKEN": TOKEN,
            "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-ana",
            "JUPYTERHUB_USER": "ana",
            "JUPYTERHUB_HOST": "",
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{_USER}/oauth_callback",
            "JUPYTERHUB_OAUTH_SCOPES": '["access:servers"]',
        }
        script = str(_IMAGE / "jupyterhub-singleuser")
        command = [sys.executable, script, "--allow-root", *NO_WARNINGS]
        self.program = Program(command, f"{self._url}/api", folder / "server.log", environment)
        headers = {"Authorization": f"token {TOKEN}"}
        self.client = httpx.Client(
            base_url=self._url, headers=headers, timeout=120, trust_env=False
        )

    def write(self, files: dict[str, str]) -> None:
        """Put files into the home folder."""
        for name, text in files.items():
            file = self.home / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="latin-1")

    def notices(self) -> list[str]:
        """What the session says of settings."""
        answer = self.client.get("/gpucommons/api/notice").raise_for_status().json()
        return [each["text"] for each in answer if each["id"].startswith("settings")]

    def run_in_kernel(self, code: str) -> str:
        """Run code in a new kernel, and give what becomes of it: ``ok`` or ``error``."""
        answer = self.client.post("/api/kernels", json={"name": "python3"}).raise_for_status()
        client = BlockingKernelClient()
        client.load_connection_file(str(self.runtime / f"kernel-{answer.json()['id']}.json"))
        client.start_channels()
        try:
            return client.execute(code, reply=True, timeout=90)["content"]["status"]
        finally:
            client.stop_channels()

    def close(self) -> None:
        self.client.close()
        self.program.stop()


def environment_of(program: Program) -> dict[str, str]:
    """With which environment a process was started, or started again."""
    assert program._process is not None
    text = Path(f"/proc/{program._process.pid}/environ").read_text()
    return dict(each.split("=", 1) for each in text.split("\0") if each)


def files_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder with what is in them."""
    return {
        os.fspath(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }
