"""Runs what takes snapshots and puts them back: our pod's program, and restic by itself.

Each has a repository of its own in the same rest-server, and an empty cache at each run, as a pod
has.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gpucommons_local.machine.programs import program

from tests.backup.store import Store, new_name

_OURS = {"GOMEMLIMIT": "400MiB"}
"""As pods have it."""
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run."""

    seconds: float
    cpu: float  # seconds of CPU, of all its processes
    memory: float  # MiB that all its processes had together, at most


class Contestant:
    """Takes snapshots of one home into one repository, and puts them back."""

    def __init__(self, store: Store, home: Path):
        self.home, self._store, self._name = home, store, new_name()

    def first(self) -> Cost:
        raise NotImplementedError

    def again(self) -> Cost:
        raise NotImplementedError

    def put_back(self, target: Path) -> Cost:
        """Put the newest snapshot back into an empty folder."""
        raise NotImplementedError

    def _run(self, *commands: list[str], folder: Path, **variables: str) -> Cost:
        with tempfile.TemporaryDirectory() as scratch:
            cache = f"{scratch}/cache"
            settings = self._store.settings(self._name, RESTIC_CACHE_DIR=cache, **variables)
            path = f"{program('restic').parent}{os.pathsep}{os.environ['PATH']}"
            environment = {**settings, "PATH": path, "HOME": scratch, "TMPDIR": scratch}
            environment["PYTHONPATH"] = os.environ.get("PYTHONPATH", "")

            def run() -> None:
                for each in commands:
                    _call(each, environment, folder)

            return measured(run)


class Restic(Contestant):
    """restic alone."""

    def first(self) -> Cost:
        return self._run(["restic", "init", "--quiet"], _BACKUP, folder=self.home)

    def again(self) -> Cost:
        return self._run(_BACKUP, folder=self.home)

    def put_back(self, target: Path) -> Cost:
        return self.put_back_folder("", target)

    def put_back_folder(self, folder: str, target: Path) -> Cost:
        which = f"latest:/{folder}" if folder else "latest"
        command = ["restic", "restore", "--quiet", which, "--target", str(target)]
        return self._run(command, folder=target)

    def put_back_file(self, path: str, target: Path) -> Cost:
        command = ["restic", "dump", "--target", str(target / path), "latest", f"/{path}"]
        return self._run(command, folder=target)


class Ours(Contestant):
    """The program of our pods, and for single files and folders what the files service calls."""

    def first(self) -> Cost:
        return self._program("snapshot", str(self.home), "--occasion", "ended")

    again = first

    def put_back(self, target: Path) -> Cost:
        return self._program("restore", str(target))

    def put_back_folder(self, folder: str, target: Path) -> Cost:
        return self._call(
            "repository.restore(snapshot, Path(sys.argv[1]), os.fsencode(sys.argv[2]))",
            *(str(target), folder),
        )

    def put_back_file(self, path: str, target: Path) -> Cost:
        return self._call(
            "with repository.file(snapshot, os.fsencode(sys.argv[2])) as given:\n"
            "    with Path(sys.argv[1], sys.argv[2]).open('wb') as file:\n"
            "        while part := given.read(2**20): file.write(part)",
            *(str(target), path),
        )

    def _program(self, *arguments: str) -> Cost:
        with tempfile.NamedTemporaryFile() as report:
            command = [sys.executable, "-m", "gpucommons_backup", "--report", report.name]
            return self._run([*command, *arguments], folder=self.home, **_OURS)

    def _call(self, what: str, *arguments: str) -> Cost:
        script = (
            "import os, sys\nfrom pathlib import Path\nfrom gpucommons_backup import Repository\n"
            "repository = Repository(os.environ)\n"
            f"snapshot = repository.snapshots('workspace')[-1]\n{what}"
        )
        return self._run([sys.executable, "-c", script, *arguments], folder=self.home, **_OURS)


_BACKUP = ["restic", "backup", "--quiet", "--no-scan", "--one-file-system", "."]


def _call(command: list[str], environment: dict[str, str], folder: Path) -> None:
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"`{command[0]}` ended with {done.returncode}: {done.stderr[-500:]}")


def measured(work: Callable[[], None]) -> Cost:
    """Do something, and count what all programs that it starts have cost, but the store."""
    most, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(_LOOK_S):
            most[0] = max(most[0], _memory_below(os.getpid()))

    looking = threading.Thread(target=look)
    looking.start()
    begin, before = time.perf_counter(), os.times()
    try:
        work()
    finally:
        seconds, after = time.perf_counter() - begin, os.times()
        over.set()
        looking.join()
    cpu = sum(after[2:4]) - sum(before[2:4])
    return Cost(seconds, cpu, most[0])


def _memory_below(pid: int) -> float:
    """MiB of memory of what a process has started and has not waited for yet, itself not counted.

    Without rest-server: it is started by this process too, and is no part of the pod.
    """
    total, pending = 0, list(_children(pid))
    while pending:
        child = pending.pop()
        try:
            status = Path(f"/proc/{child}/status").read_text()
        except OSError:
            continue  # ended meanwhile
        if "Name:\trest-server" in status:
            continue
        lines = (line.split() for line in status.splitlines() if line.startswith("VmRSS:"))
        total += sum(int(line[1]) for line in lines)
        pending += _children(child)
    return total / 1024


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except OSError:
        return []
