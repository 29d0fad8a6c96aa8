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
