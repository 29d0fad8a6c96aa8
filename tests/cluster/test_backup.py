"""Snapshots on the whole platform: real volumes, kubelet, store; looked at with restic alone."""

import base64
import json
import os
import subprocess

from gpucommons_local.machine.programs import program

from tests.platform import LocalPlatform

from .snapshots import Workspace
from .waiting_start import in_session


def _restic(platform: LocalPlatform, repository: str, *arguments: str) -> str:
    """Read the store's own files, as somebody would who has nothing but them and the password."""
    secret = json.loads(
        platform.kubectl(
            "get", "secret", "workspace-repositories", "-n", "gpucommons", "-o", "json"
        )
    )
    records = [json.loads(base64.b64decode(each)) for each in secret["data"].values()]
    (record,) = (each for each in records if each["name"] == repository)
    folder = platform.state / "backup" / "store" / repository
    done = subprocess.run(
        [program("restic"), "--no-lock", "--no-cache", *arguments],
        env={
            **os.environ,
            "RESTIC_REPOSITORY": str(folder),
            "RESTIC_PASSWORD": record["password"],
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_what_a_session_leaves_is_in_the_store_soon_after_its_end(platform, researcher):
    assert researcher.start({"size": "cpu"})["ready"]
    workspace = Workspace.of(platform, researcher)
    in_session(platform, researcher, "sh -c 'mkdir -p ~/work; echo precious > ~/work/note.txt'")
    researcher.stop()
    told = workspace.next_snapshot()
    snapshot = told["snapshot-id"]
    repository = told["backup-repository"]
    assert _restic(platform, repository, "dump", snapshot, "/work/note.txt") == "precious\n"
    assert int(told["snapshot-files"]) > 0
    assert not [
        each
        for each in json.loads(
            platform.kubectl("get", "pods", "-A", "-l", "component=snapshot", "-o", "json")
        )["items"]
        if each["metadata"]["namespace"] == workspace.namespace
    ]


def test_an_administrator_puts_a_lost_folder_back_beside_what_is_there(
    platform, researcher, commands
):
    assert researcher.start({"size": "cpu"})["ready"]
    workspace = Workspace.of(platform, researcher)
    in_session(platform, researcher, "sh -c 'mkdir -p ~/thesis; echo all of it > ~/thesis/text'")
    researcher.stop()
    workspace.next_snapshot()
    assert researcher.start({"size": "cpu"})["ready"]
    in_session(platform, researcher, "rm -r /home/jovyan/thesis")
    commands(
        *("backup", "restore", researcher.username, "--team", "researchers"),
        *("--reason", "the folder was deleted by mistake"),
    )
    found = "sh -c 'cat ~/restored*/thesis/text && rm -r ~/restored*'"
    assert in_session(platform, researcher, found) == "all of it\n"
