"""How VS Code is offered; that it really opens is a browser's test."""

import re
import shutil
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from gpucommons_lab.vscode.code_server import server
from jupyter_server_proxy.config import ServerProcess


@pytest.fixture
def code_server(tmp_path, monkeypatch):
    program = tmp_path / "code-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_the_proxy_takes_the_description(code_server):
    process = ServerProcess(name="vscode", **server())
    assert process.launcher_entry.enabled
    assert process.launcher_entry.title == "VS Code"
    assert Path(process.launcher_entry.icon_path).read_text().startswith("<svg")


def test_the_launcher_offers_only_what_is_installed(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert not server()["launcher_entry"]["enabled"]


def test_it_tells_nobody_what_is_done_in_it():
    assert "--disable-telemetry" in server()["command"]


def test_an_open_window_is_not_activity():
    assert server()["update_last_activity"] is False


def test_the_command_names_only_what_the_proxy_fills_in():
    names = re.findall(r"{(\w+)}", " ".join(server()["command"]))
    assert set(names) == {"unix_socket", "base_url"}


def test_the_proxy_finds_it_by_its_entry_point():
    (point,) = entry_points(group="jupyter_serverproxy_servers", name="vscode")
    assert point.value == "gpucommons_lab.vscode:server"
