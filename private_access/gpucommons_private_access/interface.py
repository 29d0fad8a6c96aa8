"""The tunnel's interface in the pod's network, and WireGuard behind it."""

import logging
import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from gpucommons_contract.private_access import Peer, PrivateAccess
from gpucommons_upkeep.errors import SetupError

from gpucommons_private_access.firewall import rules
from gpucommons_private_access.peers import configuration

INTERFACE = "wg0"
PORT = 51820
"""UDP port at which it listens."""
MTU_BYTES = 1280
"""What every line carries, also in an overlay of pods: none shorter is allowed for IPv6."""
_TUN = Path("/dev/net/tun")
_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_SOCKET = Path("/var/run/wireguard") / f"{INTERFACE}.sock"
"""Where wireguard-go listens for ``wg``."""
_START_S = 30.0
_COMMAND_S = 30.0

_log = logging.getLogger(__name__)


class Tunnel:
    """WireGuard in userspace: no module of the kernel is needed. Not for two threads."""

    def __init__(self, access: PrivateAccess, private_key: str) -> None:
        self._access, self._private_key = access, private_key
        self._process: subprocess.Popen[bytes] | None = None
        self._applied: list[Peer] | None = None

    def __enter__(self) -> Self:
        """Make the interface, which lets nobody in yet. Raises SetupError."""
        self._check()
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End WireGuard; the interface goes with it."""
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process = None

    @property
    def ended(self) -> bool:
        """Whether WireGuard has ended by itself: then nobody gets through."""
        return self._process is None or self._process.poll() is not None

    def let_in(self, peers: list[Peer]) -> bool:
        """Let these in and nobody else, without disturbing who stays; False if it was so already.

        Peers whose address is not one of the tunnel's are not let in. Raises SetupError.
        """
        if peers == self._applied:
            return False
        self._applied = None
        addresses = self._access.addresses
        wanted = [each for each in peers if each.address in addresses]
        self._sync(wanted)
        self._applied = peers
        for each in peers:
            if each.address not in addresses:
                _log.warning("%s lets nobody in: it is not of %s", each.name, addresses)
        _log.info("%d devices are let in", len(wanted))
        return True

    def _check(self) -> None:
        own = _run("wg", "pubkey", given=self._private_key).strip()
        if own != self._access.public_key:
            raise SetupError(
                f"public_key is {self._access.public_key}, but the private key's is {own}. Write "
                "this one into the ConfigMap: people's devices are told of it."
            )
        if not _TUN.is_char_device():
            raise SetupError(f"There is no {_TUN}: this pod needs the node's, as a volume.")

    def _open(self) -> None:
        if _FORWARDING.read_text().strip() != "1":
            try:
                _FORWARDING.write_text("1")
            except OSError as error:
                raise SetupError(
                    f"Pods here forward no packets: {_FORWARDING} is 0. Let the node's kubelet "
                    "allow the sysctl net.ipv4.ip_forward (--allowed-unsafe-sysctls), and set it "
                    "to 1 in the pod's securityContext."
                ) from error
        _run("nft", "-f", "-", given=rules(self._access, INTERFACE))
        # Of one that was killed: nobody answers there, and it is no sign that the new one listens.
        _SOCKET.unlink(missing_ok=True)
        command = ["wireguard-go", "--foreground", INTERFACE]
        self._process = subprocess.Popen(command, env=os.environ | {"LOG_LEVEL": "error"})
        deadline = time.monotonic() + _START_S
        while not _SOCKET.is_socket():
            if self.ended or time.monotonic() > deadline:
                raise SetupError("wireguard-go did not start; what it said is above.")
            time.sleep(0.05)
        self._sync([])
        own = f"{self._access.own_address}/{self._access.addresses.prefixlen}"
        _run("ip", "address", "add", own, "dev", INTERFACE)
        _run("ip", "link", "set", INTERFACE, "mtu", str(MTU_BYTES), "up")

    def _sync(self, peers: Iterable[Peer]) -> None:
        text = configuration(self._private_key, PORT, peers)
        _run("wg", "syncconf", INTERFACE, "/dev/stdin", given=text)


def _run(*command: str, given: str = "") -> str:
    """Run a program to its end; raises SetupError with its own words."""
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, check=True, timeout=_COMMAND_S
        )
    except OSError as error:
        raise SetupError(f"{command[0]} cannot be run: {error.strerror}.") from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{command[0]} did not end within {_COMMAND_S:.0f} s.") from error
    except subprocess.CalledProcessError as error:
        raise SetupError(f"`{' '.join(command)}` failed: {error.stderr.strip()}") from error
    return done.stdout
