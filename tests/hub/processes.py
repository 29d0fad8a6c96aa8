"""Real programs on loopback ports of their own, awaited until they answer."""

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx

from tests.loopback import request

START_LIMIT_S = 90
"""Generous: other builds may share the machine."""
_POLL_S = 0.05
_STOP_LIMIT_S = 60
_ANSWER_LIMIT_S = 5
_PORTS, _BLOCK = range(20000, 30000), 250
"""Below those that the kernel gives out by itself, and those of Kubernetes' node ports."""


def free_port() -> int:
    """A port that nothing uses, for a program that binds it a while later.

    The kernel gives it to nobody meanwhile, nor again while the program is stopped, and no
    other process of tests has it.
    """
    while True:
        port = next(_own_ports())
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


@cache
def _own_ports() -> Iterator[int]:
    """The ports of a block that this process has to itself until it ends."""
    for first in _PORTS[::_BLOCK]:
        claim = socket.socket(type=socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", first))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return itertools.cycle(range(first, first + _BLOCK))
    raise AssertionError("All ports for tests are taken.")


_claims: list[socket.socket] = []
"""Kept open: each says to other processes whose block it is."""


async def told_to_end() -> None:
    """Wait, in a program that tests run, until somebody wants it to end.

    Also where SIGINT, the first that JupyterHub sends to a service, is ignored from the start:
    shells do so to what they run in the background.
    """
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ended.set)
    await ended.wait()


class Program:
    """One process of ours: started, awaited at an address, ended by its own id."""

    start_limit_s: float = START_LIMIT_S

    def __init__(self, command: list[str], ready_url: str, log: Path, env: dict[str, str]):
        self.command, self.ready_url, self.log = command, ready_url, log
        self._env = os.environ | env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command, stdout=output, stderr=output, env=self._env, cwd=self.log.parent
            )
        try:
            self._wait_until_it_answers(self._process)
        except BaseException:
            self.stop()
            raise

    def _wait_until_it_answers(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + self.start_limit_s
        while not self._answers():
            assert process.poll() is None, f"{self.command[0]} ended:\n{self.tail()}"
            assert time.monotonic() < deadline, f"{self.command[0]} is not up:\n{self.tail()}"
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would. What it started goes on."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    def cpu_seconds(self) -> float:
        """CPU time that the process itself has used: user and system together."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def tail(self) -> str:
        return "\n".join(self.text().splitlines()[-30:])

    def _answers(self) -> bool:
        try:
            return request("GET", self.ready_url, timeout=_ANSWER_LIMIT_S).status_code == 200
        except httpx.TransportError:
            return False
