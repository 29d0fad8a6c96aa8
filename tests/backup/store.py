"""rest-server on a loopback port, as an installation runs it, and repositories in it."""

import itertools
from pathlib import Path

import bcrypt
from gpucommons_backup import Repository
from gpucommons_local.machine.programs import program

from tests.hub.processes import Program, free_port

ACCOUNT, SECRET = "ada", "for the store"
"""Who may write below the folder of the same name, and with which password."""
PASSWORD = "for the repository"
_numbers = itertools.count(1)


class Store(Program):
    """A folder of repositories, and the server in front of it."""

    def __init__(
        self,
        folder: Path,
        files: Path | None = None,
        *,
        append_only: bool = True,
        most_bytes: int | None = None,
    ):
        """``files``: those of another store, where one folder has two servers.

        ``most_bytes``: of all repositories together, after which it takes nothing more.
        """
        self.files = files or folder / "files"
        self.files.mkdir(exist_ok=True)
        self._cache = folder / "cache"
        self.url = f"http://127.0.0.1:{free_port()}"
        accounts = folder / "accounts"
        hashed = bcrypt.hashpw(SECRET.encode(), bcrypt.gensalt(4)).decode()
        accounts.write_text(f"{ACCOUNT}:{hashed}\n")
        command = [str(program("rest-server")), "--path", str(self.files), "--private-repos"]
        command += ["--listen", self.url.removeprefix("http://"), "--prometheus"]
        command += ["--prometheus-no-auth", "--htpasswd-file", str(accounts)]
        command += ["--append-only"] if append_only else []
        command += [f"--max-size={most_bytes}"] if most_bytes else []
        super().__init__(command, f"{self.url}/metrics", folder / "rest-server.log", {})

    def settings(self, name: str, **others: str) -> dict[str, str]:
        """What the environment of restic says, to use a repository of this name."""
        return {
            "RESTIC_REPOSITORY": f"rest:{self.url}/{ACCOUNT}/{name}/",
            "RESTIC_REST_USERNAME": ACCOUNT,
            "RESTIC_REST_PASSWORD": SECRET,
            "RESTIC_PASSWORD": PASSWORD,
            "RESTIC_CACHE_DIR": str(self._cache),
            **others,
        }

    def repository(self, name: str, *, patience_s: float = 120, **others: str) -> Repository:
        return Repository(self.settings(name, **others), str(program("restic")), patience_s)

    def folder(self, name: str) -> Path:
        """Where its files are."""
        return self.files / ACCOUNT / name


def new_name() -> str:
    """A name that no repository has yet."""
    return f"ws{next(_numbers)}"
