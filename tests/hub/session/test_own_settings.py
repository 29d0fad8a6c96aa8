"""A person's own settings of Jupyter, right or broken, leave the session's extension on."""

import sys
from pathlib import Path

import httpx
import pytest

from tests.hub.processes import Program, free_port

from .conftest import CONFIG, TOKEN

_BROKEN = {
    "one's own list of extensions": {
        "jupyter_server_config.py": 'c.ServerApp.jpserver_extensions = {"jupyter_lsp": False}\n',
    },
    "half a file": {
        "jupyter_server_config.json": '{"ServerApp": {',
        "jupyter_lab_config.json": "",
    },
    "half a file of a package": {"jupyter_server_config.d/x.json": '{"Serv'},
    "a module that is gone, and a mistake": {
        "jupyter_lab_config.py": "import nothing_such\n",
        "jupyter_server_config.py": "c.ServerApp.x = (\n",
    },
}


@pytest.mark.parametrize("kind", _BROKEN)
def test_settings_that_are_broken_stop_neither_the_session_nor_its_extension(kind, tmp_path: Path):
    settings = tmp_path / ".jupyter"
    for name, text in _BROKEN[kind].items():
        (settings / name).parent.mkdir(parents=True, exist_ok=True)
        (settings / name).write_text(text)
    port = free_port()
    server = Program(
        [sys.executable, "-m", "jupyter", "lab", "--allow-root", "--no-browser", f"--port={port}"],
        f"http://127.0.0.1:{port}/api",
        tmp_path / "server.log",
        {"HOME": str(tmp_path), "JUPYTER_TOKEN": TOKEN, "JUPYTER_CONFIG_PATH": str(CONFIG)},
    )
    server.start()
    try:
        address = f"http://127.0.0.1:{port}/gpucommons/api/activity?token={TOKEN}"
        assert httpx.get(address, trust_env=False, timeout=60).status_code == 200, server.tail()
    finally:
        server.stop()
