"""A home that is full, by blocks or by files, or only readable: the session works, and says so."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from tests.hub.full_home import FullHome, small_home
from tests.hub.processes import Program, free_port
from tests.waiting import until

from .conftest import CONFIG, TOKEN

_IMAGE = Path(__file__).parents[3] / "images/base/Containerfile"
_NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def full_home(tmp_path) -> Iterator[FullHome]:
    with small_home(tmp_path) as home:
        (home.home / "a.ipynb").write_text(json.dumps(_NOTEBOOK))
        yield home


@pytest.fixture
def start(full_home, tmp_path) -> Iterator[Callable[[], httpx.Client]]:
    """Start JupyterLab in that home, with the environment that the image sets."""
    port = free_port()
    command = [sys.executable, "-m", "jupyter", "lab", "--allow-root", "--no-browser"]
    environment = {
        "HOME": str(full_home.home),
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_CONFIG_PATH": str(CONFIG),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / _runtime_folder().lstrip("/")),
    }
    log = tmp_path / "server.log"
    command += [f"--port={port}", f"--ServerApp.root_dir={full_home.home}"]
    server = Program(command, f"http://127.0.0.1:{port}/api", log, environment)
    headers = {"Authorization": f"token {TOKEN}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120) as client:

        def begin() -> httpx.Client:
            server.start()
            return client

        yield begin
        server.stop()


def _runtime_folder() -> str:
    found = re.search(r"JUPYTER_RUNTIME_DIR=(\S+)", _IMAGE.read_text())
    assert found, "the image leaves Jupyter's runtime files in the home folder"
    return found[1]


def notices(client: httpx.Client) -> list[str]:
    answer = client.get("/gpucommons/api/notice").raise_for_status().json()
    return [each["text"] for each in answer if each["id"] == "home"]


def computed(folder: Path, kernel: str) -> str:
    """Let a kernel compute something, and give what it says of it."""
    client = BlockingKernelClient()
    client.load_connection_file(
        str(folder / _runtime_folder().lstrip("/") / f"kernel-{kernel}.json")
    )
    client.start_channels()
    try:
        return client.execute("1 + 1", reply=True, timeout=90)["content"]["status"]
    finally:
        client.stop_channels()


_FILLED = {
    "blocks": (FullHome.fill_blocks, "Your home folder is full: all of its"),
    "inodes": (
        FullHome.fill_inodes,
        "Your home folder has reached its limit of 64 files.",
    ),
    "read-only": (FullHome.make_read_only, "Your home folder is read-only."),
}


@pytest.mark.parametrize("kind", _FILLED)
def test_a_session_starts_opens_notebooks_runs_kernels_and_says_so(
    full_home, start, tmp_path, kind
):
    fill, sentence = _FILLED[kind]
    fill(full_home)
    client = start()
    assert until(lambda: notices(client))[0].startswith(sentence)
    opened = client.get("/api/contents/a.ipynb", params={"content": 1})
    assert opened.raise_for_status().json()["content"]["cells"] == []
    kernel = client.post("/api/kernels", json={"name": "python3"}).raise_for_status().json()
    assert computed(tmp_path, kernel["id"]) == "ok"
    client.post("/api/terminals").raise_for_status()
    client.get("/lab").raise_for_status()


@pytest.mark.parametrize("kind", ["blocks", "inodes"])
def test_deleting_makes_room_and_then_all_is_as_before(full_home, start, kind):
    _FILLED[kind][0](full_home)
    client = start()
    until(lambda: notices(client))
    client.delete("/api/contents/big").raise_for_status()
    if kind == "inodes":
        for number in range(1, 31):
            client.delete(f"/api/contents/big{number}").raise_for_status()
    until(lambda: not notices(client))
    client.put(
        "/api/contents/b.txt", json={"type": "file", "format": "text", "content": "x"}
    ).raise_for_status()
    client.delete("/api/contents/b.txt").raise_for_status()
    trash = full_home.home / ".local/share/Trash/files"
    assert [each.name for each in trash.iterdir()] == ["b.txt"]


def test_what_takes_the_room_is_named_and_the_trash_is_emptied_from_the_notice(full_home, start):
    big = full_home.home / "big"
    big.mkdir()
    full_home.write_until_full("big/1", 2**16)
    os.truncate(big / "1", (big / "1").stat().st_size - 900 * 2**10)
    trash = full_home.home / ".local/share/Trash"
    (trash / "files/old").mkdir(parents=True)
    (trash / "info").mkdir()
    (trash / "files/old/model").write_bytes(b"x" * 800 * 2**10)
    (trash / "files/old").chmod(0o500)
    (trash / "info/old.trashinfo").write_text("[Trash Info]")
    subprocess.run(["sync", "-f", full_home.mount], check=True)
    client = start()
    (notice,) = until(lambda: _with_choices(client))
    assert "is nearly full" in notice["text"]
    assert re.search(r"Most is in big \(.*B\) and the trash \(80\d KiB\)\.", notice["text"])
    assert [each["label"][:11] for each in notice["choices"]] == ["Empty trash"]
    sizes = client.get("/gpucommons/api/home/folders").raise_for_status().json()
    assert next((each["name"], each["path"]) for each in sizes["folders"]) == ("big", "big")
    assert sizes["complete"]
    answer = {"id": notice["id"], "choice": notice["choices"][0]["id"]}
    client.post("/gpucommons/api/notice/answer", json=answer).raise_for_status()
    until(lambda: not notices(client))
    assert list((trash / "files").iterdir()) == list((trash / "info").iterdir()) == []
    client.put(
        "/api/contents/b.txt", json={"type": "file", "format": "text", "content": "x"}
    ).raise_for_status()


def test_the_trash_is_emptied_over_the_endpoint_while_files_have_run_out(full_home, start):
    trash = full_home.home / ".local/share/Trash/files"
    trash.mkdir(parents=True)
    for number in range(40):
        (trash / str(number)).touch()
    full_home.fill_inodes()
    client = start()
    (notice,) = until(lambda: _with_choices(client))
    assert notice["text"].startswith("Your home folder has reached its limit of 64 files. Most is")
    assert "the trash (40 files)" in notice["text"]
    emptied = client.delete("/gpucommons/api/home/trash").raise_for_status().json()
    assert (emptied["left"], emptied["reason"]) == (0, None)
    until(lambda: not notices(client))
    counted = client.post("/gpucommons/api/home/folders").raise_for_status().json()
    assert counted["trash"]["files"] == 0


def _with_choices(client: httpx.Client) -> list[dict]:
    answer = client.get("/gpucommons/api/notice").raise_for_status().json()
    return [each for each in answer if each["id"] == "home" and each["choices"]]


def test_vs_code_keeps_its_data_elsewhere_only_where_it_must(full_home, tmp_path):
    script = tmp_path / "code-server"
    text = (_IMAGE.parent / "code-server").read_text()
    assert "exec /opt/code-server/lib/node " in text
    script.write_text(text.replace("exec /opt/code-server/lib/node ", "exec printf '%s\\n' "))

    def given() -> list[str]:
        command = ["sh", str(script), "--auth=none"]
        environment = {"HOME": str(full_home.home), "PATH": os.environ["PATH"]}
        environment["TMPDIR"] = str(tmp_path)
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return told.stdout.splitlines()[1:]

    assert given() == ["--auth=none"]
    settings = full_home.home / ".local/share/code-server/User/settings.json"
    first = json.loads(settings.read_text())
    assert first["chat.disableAIFeatures"] is True
    assert first["workbench.startupEditor"] == "none"
    full_home.fill_blocks()
    _, folder, *rest, last = given()
    assert (Path(folder).parent, last) == (tmp_path, "--auth=none")
    assert json.loads((Path(folder) / "User/settings.json").read_text()) != {}
    extensions = str(full_home.home / ".local/share/code-server/extensions")
    assert rest == ["--config", f"{folder}/config.yaml", "--extensions-dir", extensions]
