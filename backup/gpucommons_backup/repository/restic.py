"""Calls of the restic program, and what it prints."""

import contextlib
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gpucommons_backup.errors import BackupError, NoAnswerError, RepositoryUnreachableError
from gpucommons_backup.repository.complaints import (
    Complaint,
    address,
    complaints,
    error_of,
    tries_a_full_store,
)

_LOCK_PATIENCE = "5m"
_LAST_WORDS_S = 2
"""Of the five seconds that Kubernetes leaves a pod."""
PATIENCE_S = 120
"""How long a call may take that only asks. restic itself tries for 15 minutes to reach a store."""


class Output:
    """What a program prints, while it prints it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def read(self, size: int = -1) -> bytes:
        """Wait for up to ``size`` bytes, all without; none means that this was all."""
        assert self._process.stdout
        return self._process.stdout.read(size)

    def lines(self) -> Iterator[bytes]:
        """Wait for each line."""
        assert self._process.stdout
        yield from self._process.stdout

    def stop(self) -> None:
        """End the program. May be called in any thread: one that reads has its end then."""
        self._process.kill()


class _Complaining:
    """Hears what a program complains of, and ends it where its store is full.

    restic tries that again for a quarter of an hour where the store is S3, in which the pod is in
    the way of others.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr
        # Else `communicate` would read it, too.
        self._stderr, process.stderr = process.stderr, None
        self._process, self._lines = process, list[bytes]()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def so_far(self) -> bytes:
        """Return what it has complained of."""
        return b"".join(self._lines)

    def all(self) -> bytes:
        """Wait until it is over, and return the same."""
        self._listener.join()
        return self.so_far()

    def _listen(self) -> None:
        with self._stderr as lines:
            for line in lines:
                self._lines.append(line)
                if tries_a_full_store(line):
                    self._process.terminate()


class _EnoughError(Exception):
    """Nobody reads on."""


class Restic:
    """The program, for one repository."""

    def __init__(
        self,
        environment: Mapping[str, str],
        program: str = "restic",
        patience_s: float = PATIENCE_S,
    ) -> None:
        """``environment`` names repository and password: RESTIC_REPOSITORY, RESTIC_PASSWORD, …

        https://restic.readthedocs.io/en/v0.18.1/040_backup.html#environment-variables
        """
        self._environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ},
            **environment,
            "TZ": "UTC",  # in which restic reads the time of a snapshot
        }
        self._program = program
        self._patience_s = patience_s

    @property
    def address(self) -> str:
        """Where the repository is, without the account in it."""
        return address(self._environment.get("RESTIC_REPOSITORY", ""))

    def run(
        self,
        *arguments: str | bytes,
        folder: Path | None = None,
        allowed: tuple[int, ...] = (0,),
        meanwhile: Callable[[], None] | None = None,
    ) -> tuple[int, list[Any], list[Complaint]]:
        """Work as long as it takes: the program goes on where a store was away for minutes.

        Return exit code, the JSON documents that were printed, and what was complained of. Raises
        an error of `gpucommons_backup.errors` for an exit code that is not ``allowed``.
        ``meanwhile`` is called once the program has begun; where it raises, that is ended.
        """
        done = self._run(arguments, None, folder, allowed, meanwhile)
        return done.returncode, _documents(done.stdout), complaints(done.stderr)

    def ask(
        self, *arguments: str | bytes, allowed: tuple[int, ...] = (0,)
    ) -> tuple[int, list[Any]]:
        """Do the same for what is soon answered, if at all. It must take no lock."""
        done = self._run(arguments, self._patience_s, None, allowed)
        return done.returncode, _documents(done.stdout)

    def output(self, *arguments: str | bytes, most: int) -> bytes | None:
        """Ask, and return what it prints, as it is; None if that has more than ``most`` bytes."""
        try:
            with self._asked(arguments) as printed:
                text = printed.read(most + 1)
                if len(text) > most:
                    raise _EnoughError
        except _EnoughError:  # how the program ended does not matter then
            return None
        return text

    @contextlib.contextmanager
    def lines(self, *arguments: str | bytes) -> Iterator[Iterator[bytes]]:
        """Ask, and give the lines that it prints, which may be too many to keep."""
        with self._asked(arguments) as printed:
            yield printed.lines()

    @contextlib.contextmanager
    def _asked(self, arguments: tuple[str | bytes, ...]) -> Iterator[Output]:
        """Give what it prints within its time, after which it is ended."""
        late = threading.Event()

        def end(printed: Output) -> None:
            late.set()
            printed.stop()

        try:
            with self.stream(*arguments) as printed:
                timer = threading.Timer(self._patience_s, end, [printed])
                timer.start()
                try:
                    yield printed
                finally:
                    timer.cancel()
        except BackupError as error:
            if late.is_set() and not isinstance(error, RepositoryUnreachableError):
                raise self._late(b"") from None
            raise

    @contextlib.contextmanager
    def stream(self, *arguments: str | bytes) -> Iterator[Output]:
        """Give what it prints while it prints it. Whoever stops reading ends the program.

        Raises at the end if it failed: what was read then is not all. It must take no lock.
        """
        with tempfile.TemporaryFile() as complaint:
            process = subprocess.Popen(
                self._command(arguments),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaint,
            )
            assert process.stdout
            try:
                yield Output(process)
                if not process.stdout.read(1) and process.wait():
                    complaint.seek(0)
                    raise self._error(process.returncode, complaint.read())
            finally:
                process.kill()
                process.wait()
                process.stdout.close()

    def _run(
        self,
        arguments: tuple[str | bytes, ...],
        limit_s: float | None,
        folder: Path | None = None,
        allowed: tuple[int, ...] = (0,),
        meanwhile: Callable[[], None] | None = None,
    ) -> "subprocess.CompletedProcess[bytes]":
        command = self._command(arguments)
        with subprocess.Popen(
            command,
            cwd=folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            heard = _Complaining(process)
            try:
                if meanwhile:
                    meanwhile()
                printed, _ = process.communicate(timeout=limit_s)
            except subprocess.TimeoutExpired:
                process.kill()
                raise self._late(heard.so_far()) from None
            except BaseException:
                _end(process)
                raise
            complaint = heard.all()
        if process.returncode not in allowed:
            raise self._error(process.returncode, complaint)
        return subprocess.CompletedProcess(command, process.returncode, printed, complaint)

    def _error(self, code: int, complaint: bytes) -> BackupError:
        return error_of(code, complaint, self._environment.get("RESTIC_REPOSITORY", ""))

    def _late(self, complaint: bytes) -> BackupError:
        known = self._error(0, complaint)
        if isinstance(known, RepositoryUnreachableError):
            return known
        limit = f"{self._patience_s:.0f} s"
        return NoAnswerError(f"The store at {self.address} gave no answer within {limit}.")

    def _command(self, arguments: tuple[str | bytes, ...]) -> list[str | bytes]:
        return [self._program, "--json", "--retry-lock", _LOCK_PATIENCE, *arguments]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End restic, which removes its lock first, if the store lets it do so in time."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WORDS_S)
    process.kill()


def _documents(text: bytes) -> list[Any]:
    found = []
    for line in text.splitlines():
        with contextlib.suppress(ValueError):  # some commands print plain lines among them
            found.append(json.loads(line))
    return found
