"""A real PostgreSQL server on a socket of its own, which tests stop, lock and start again."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg
from gpucommons_local.machine.packages import DATABASE_SERVER, unpacked

from tests.hub.processes import Program

_OWNER = 65534
"""Nobody: PostgreSQL refuses to run as root."""
_KUBECTL = """#!/bin/bash
while [[ $1 != -- ]]; do shift; done
shift
exec "$@"
"""


class PostgreSQL(Program):
    """The server, with an empty folder. Its socket is the only way in."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gpucommons-postgresql-"))
        self._programs, env = _programs(self.folder)
        data = self.folder / "data"
        if os.geteuid() == 0:
            os.chown(self.folder, _OWNER, _OWNER)
        command = [
            *self._as_owner("postgres", "-D", str(data), "-k", str(self.folder)),
            *("-c", "listen_addresses=", "-c", "fsync=off"),
        ]
        super().__init__(command, str(self.folder), self.folder / "server.log", env)
        make = self._as_owner("initdb", "-D", str(data), "-U", "postgres", "--auth=trust")
        subprocess.run(
            [*make, "--encoding=UTF8", "--locale=C"],
            env=self._env,
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Start it; at the end, stop it and delete all files."""
        try:
            self.start()
            yield self
        finally:
            self.remove()

    def _as_owner(self, program: str, *arguments: str) -> list[str]:
        ids = (f"--reuid={_OWNER}", f"--regid={_OWNER}", "--clear-groups")
        other = ["setpriv", *ids] if os.geteuid() == 0 else []
        return [*other, str(self._programs / program), *arguments]

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of somebody else's."""
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True
        )

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.folder / ".s.PGSQL.5432"

    def create(self, database: str, driver: str = "psycopg") -> str:
        """Make an empty database; returns its URL."""
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return f"postgresql+{driver}://postgres@/{database}?host={self.folder}"

    def create_owned(self, name: str, driver: str = "psycopg") -> str:
        """Make an empty database whose role has its name, as cluster/database does; returns its URL
        for that role.
        """
        url = self.create(name, driver)
        with self.connect() as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN")
            connection.execute(f"ALTER DATABASE {name} OWNER TO {name}")
        return url.replace("//postgres@", f"//{name}@")

    def run_in_pod(self, block: str, folder: Path) -> None:
        """Run a page's block in bash, as somebody in the database's pod, who is its superuser.

        What plays kubectl hands the words after ``--`` to the server.
        """
        kubectl = folder / "bin" / "kubectl"
        if not kubectl.exists():
            kubectl.parent.mkdir()
            kubectl.write_text(_KUBECTL)
            kubectl.chmod(0o755)
        env = os.environ | {"PGHOST": str(self.folder), "PGUSER": "postgres"}
        env["PATH"] = f"{kubectl.parent}:{env['PATH']}"
        subprocess.run(["bash", "-euc", block], cwd=folder, env=env, check=True)

    def stop(self) -> None:
        """Stop at once, also while somebody is connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
        super().stop()

    def remove(self) -> None:
        """Stop, and delete all files."""
        self.stop()
        shutil.rmtree(self.folder)


def _programs(folder: Path) -> tuple[Path, dict[str, str]]:
    """The folder of the server's programs, and what they need in their environment."""
    if installed := sorted(Path("/usr/lib/postgresql").glob("*/bin")):
        return installed[-1], {}
    # Nobody may not look into our cache.
    files = shutil.copytree(unpacked(DATABASE_SERVER), folder / "files", symlinks=True)
    libraries = ":".join(str(each) for each in files.glob("usr/lib/*-linux-gnu"))
    return next(files.glob("usr/lib/postgresql/*/bin")), {"LD_LIBRARY_PATH": libraries}
