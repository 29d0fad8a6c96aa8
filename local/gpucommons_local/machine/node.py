"""The node: a network, mount, process, IPC and host-name namespace of its own.

Everything the platform runs, the hub too, runs inside. So the machine gets no
route, no mount and no firewall rule, and when the node's first process ends,
the kernel ends every other process in it: nothing can be left running.

Run as ``python -m gpucommons_local.machine.node NAME PORT`` by the supervisor.
"""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

from gpucommons_local.machine.instance import (
    NODE_ADDRESS,
    NODE_DNS_ADDRESS,
    NODE_NAME,
    Instance,
)

_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
_CLONE_NEWPID, _CLONE_NEWNET = 0x20000000, 0x40000000
_PR_SET_PDEATHSIG = 1

KUBELET_FOLDER = Path("/var/lib/kubelet")
"""Device plugins expect the kubelet's sockets here, so the instance's folder is bound on it."""


def enter_command(instance: Instance) -> str:
    """Path of a script that runs its arguments inside the node."""
    return str(instance.run / "enter")


def write_enter_script(instance: Instance) -> None:
    """Write the script of `enter_command`."""
    script = Path(enter_command(instance))
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(
        "#!/bin/sh\n"
        "# Runs its arguments inside the node of this platform. nsenter starts them as a\n"
        "# child, which must not outlive it: the supervisor knows nsenter alone.\n"
        f'pid=$(cat "{instance.node_pid_file}" 2>/dev/null) || {{\n'
        '  echo "The node is not running. Start it: make up" >&2\n'
        "  exit 69\n"
        "}\n"
        'exec nsenter --target "$pid" --net --mount --pid --ipc --uts -- \\\n'
        "  setpriv --pdeathsig KILL -- \\\n"
        '  /bin/sh -c \'cd "$0" && exec "$@"\' "$PWD" "$@"\n'
    )
    script.chmod(0o755)


def _call(function: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def _set_up_mounts(instance: Instance) -> None:
    # Private towards the machine, shared among the node's own containers.
    _run("mount", "--make-rprivate", "/")
    _run("mount", "--make-rshared", "/")
    _run("mount", "-t", "proc", "proc", "/proc")
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for source, target in (
        (instance.state / "kubelet", KUBELET_FOLDER),
        (instance.state / "hosts", Path("/etc/hosts")),
    ):
        _run("mount", "--bind", str(source), str(target))


def _set_up_network() -> None:
    for command in (
        ("ip", "link", "set", "lo", "up"),
        # A pair of which nobody uses the other end; not every kernel has dummy devices.
        ("ip", "link", "add", "node0", "type", "veth", "peer", "name", "nowhere"),
        ("ip", "link", "set", "nowhere", "up"),
        ("ip", "address", "add", f"{NODE_ADDRESS}/32", "dev", "node0"),
        ("ip", "address", "add", f"{NODE_DNS_ADDRESS}/32", "dev", "node0"),
        ("ip", "link", "set", "node0", "up"),
        # Service addresses must be routable before kube-proxy can rewrite them;
        # what nobody answers ends at the pair's other end, never outside.
        ("ip", "route", "add", "default", "dev", "node0"),
    ):
        _run(*command)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _first_process(instance: Instance, ready: int) -> None:
    """Be process 1 of the node: set it up, say so, then only reap."""
    _call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL))
    _set_up_mounts(instance)
    _run("hostname", NODE_NAME)
    _set_up_network()
    os.write(ready, b"1")
    os.close(ready)
    os.execvp("tini", ["tini", "-s", "--", "sleep", "infinity"])  # noqa: S606


def prepare_folders(instance: Instance) -> None:
    """Make what the node's mounts need to exist."""
    for folder in (instance.run, instance.logs, instance.state / "kubelet", KUBELET_FOLDER):
        folder.mkdir(parents=True, exist_ok=True)
    hosts = f"127.0.0.1 localhost\n{NODE_ADDRESS} {NODE_NAME}\n"
    (instance.state / "hosts").write_text(hosts)


def main() -> int:
    """Hold the node until told to stop; returns the first process's exit code."""
    instance = Instance(sys.argv[1], int(sys.argv[2]))
    instance.node_pid_file.unlink(missing_ok=True)
    prepare_folders(instance)
    # End with the supervisor, however it ends.
    _call("prctl", _PR_SET_PDEATHSIG, int(signal.SIGKILL))
    _call("unshare", _CLONE_NEWNS | _CLONE_NEWUTS | _CLONE_NEWIPC | _CLONE_NEWPID | _CLONE_NEWNET)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _first_process(instance, writer)
    os.close(writer)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    if os.read(reader, 1):
        instance.node_pid_file.write_text(f"{child}\n")
    _, status = os.waitpid(child, 0)
    instance.node_pid_file.unlink(missing_ok=True)
    return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main())
