"""A real store of snapshots, and the records by which the service finds them."""

import json
import os
import re
from datetime import datetime
from pathlib import Path

from gpucommons_backup.repository import Repository
from gpucommons_backup.taking import Occasion, Taking
from gpucommons_local.machine.programs import program

from ..processes import Program, free_port


class Store:
    """rest-server on a port of its own; it can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.records = folder / "records"
        self.records.mkdir(parents=True)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/"
        command = [str(program("rest-server")), "--no-auth", "--listen", f"127.0.0.1:{port}"]
        command += ["--path", str(folder / "store"), "--prometheus", "--prometheus-no-auth"]
        self.server = Program(command, f"{self.url}metrics", folder / "store.log", {})

    def repository(self, team: str, owner: str) -> Repository:
        """The repository of a person's workspace in a team, made at the first call."""
        name = f"{team}/workspace-{re.sub('[^a-z]', '-', owner)}"
        record = {"name": name, "password": f"of {owner} in {team}", "team": team, "owner": owner}
        file = self.records / name.replace("/", ".")
        environment = {
            "RESTIC_REPOSITORY": f"rest:{self.url}{name}/",
            "RESTIC_PASSWORD": record["password"],
            "RESTIC_CACHE_DIR": str(self._folder / "cache"),
        }
        repository = Repository(environment, str(program("restic")))
        if not file.exists():
            repository.create()
            part = file.with_name(f".{file.name}")
            part.write_text(json.dumps(record))
            part.rename(file)
        return repository

    def take(self, team: str, owner: str, workspace: Path, time: datetime) -> str:
        """Take a snapshot of a workspace as if it were that time; returns its id."""
        scratch = self._folder / f"scratch-{os.urandom(4).hex()}"
        scratch.mkdir()
        repository = self.repository(team, owner)
        report = Taking(repository, workspace, scratch, Occasion.LIVE, lambda: time).take()
        assert report.is_new
        return report.snapshot
