"""Network namespaces that a test makes: what is in them ends with them, and they with the test."""

import contextlib
import ctypes
import os
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.waiting import until

_CLONE_NEWNET = 0x40000000
_CHUNK = 64 * 1024  # bytes


class Namespace:
    """A network, with processes and a ``/run`` of its own. It needs root.

    When its first process ends, the kernel ends the others; and that one does when we do.
    """

    def __init__(self) -> None:
        own = ("--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc")
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", *own, "sleep", "infinity"]
        self._outer = subprocess.Popen(command)
        self.pid = until(self._first_process)
        self.run("mount", "-t", "tmpfs", "run", "/run")
        self.run("ip", "link", "set", "lo", "up")

    def _first_process(self) -> int:
        assert self._outer.poll() is None, "unshare ended: these tests need root"
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text()
        if not children or "sleep" not in Path(f"/proc/{children.split()[0]}/comm").read_text():
            return 0
        return int(children)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._outer.kill()
        self._outer.wait()

    def command(self, *arguments: str) -> list[str]:
        """What runs a command inside; it ends with whoever started it."""
        entering = ("nsenter", "--target", str(self.pid), "--net", "--mount", "--pid", "--")
        return [*entering, "setpriv", "--pdeathsig", "KILL", "--", *arguments]

    def run(self, *arguments: str, given: str | None = None) -> str:
        """Run a command inside to its end; gives what it printed."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, check=False, input=given
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def join(self, other: "Namespace", name: str, network: int) -> None:
        """Connect another one, by a cable of that name here: we are 10.77.NETWORK.1, it is .2."""
        cable = ("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0")
        # From outside, where the other one's process has this number.
        entering = ("nsenter", "--target", str(self.pid), "--net", "--")
        subprocess.run([*entering, *cable, "netns", str(other.pid)], check=True)
        for each, device, end in ((self, name, 1), (other, "eth0", 2)):
            each.run("ip", "address", "add", f"10.77.{network}.{end}/24", "dev", device)
            each.run("ip", "link", "set", device, "up")
        other.run("ip", "route", "add", "default", "via", f"10.77.{network}.1")

    def listening(self, port: int) -> socket.socket:
        """Open a port on the loopback inside, for us outside: a socket is of where it was made."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._listen, port).result()

    def _listen(self, port: int) -> socket.socket:
        namespace = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)
        try:
            assert ctypes.CDLL(None).setns(namespace, _CLONE_NEWNET) == 0
        finally:
            os.close(namespace)
        return socket.create_server(("127.0.0.1", port))


class Door:
    """A port of the machine's loopback, seen at the same port inside a namespace."""

    def __init__(self, namespace: Namespace, port: int) -> None:
        self._port, self._socket = port, namespace.listening(port)
        threading.Thread(target=self._carry, daemon=True).start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _carry(self) -> None:
        while True:
            try:
                inside, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(inside,), daemon=True).start()

    def _join(self, inside: socket.socket) -> None:
        with inside, socket.create_connection(("127.0.0.1", self._port)) as outside:
            back = threading.Thread(target=_copy, args=(outside, inside), daemon=True)
            back.start()
            _copy(inside, outside)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
