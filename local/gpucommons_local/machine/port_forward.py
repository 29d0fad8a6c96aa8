"""The way in: carries connections from the machine's loopback into the node.

A socket belongs to the network namespace it was made in. So this process opens
its ports on the machine, then enters the node's namespace, and whatever it
connects to from there is the node's. It ends when the node does.

Run as ``python -m gpucommons_local.machine.port_forward NAME PORT`` by the supervisor.
"""

import asyncio
import ctypes
import os
import socket
import sys
import time
from functools import partial
from pathlib import Path

from gpucommons_local.machine.instance import Instance

_CLONE_NEWNET = 0x40000000
_CHUNK = 256 * 1024  # bytes


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (ConnectionError, OSError):
        writer.close()


async def _carry(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Join one connection with the same port on the node's loopback."""
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()  # nobody serves there now; the client sees a closed connection
        return
    try:
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
    finally:
        inner_writer.close()
        writer.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    return listener


def _enter_network(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/proc/{pid}/ns/net").open() as namespace:
        if libc.setns(namespace.fileno(), _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"enter the node's network: {os.strerror(number)}")


async def _serve(listeners: list[socket.socket], node: int) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(node, ended.set)
    servers = [
        await asyncio.start_server(partial(_carry, listener.getsockname()[1]), sock=listener)
        for listener in listeners
    ]
    await ended.wait()
    for server in servers:
        server.close()


def main() -> int:
    """Carry connections until the node ends; returns 1 then, to be started again."""
    instance = Instance(sys.argv[1], int(sys.argv[2]))
    listeners = [_listen(port) for port in instance.ports]
    while not instance.node_pid_file.exists():
        time.sleep(0.1)
    pid = int(instance.node_pid_file.read_text())
    node = os.pidfd_open(pid)
    _enter_network(pid)
    asyncio.run(_serve(listeners, node))
    return 1


if __name__ == "__main__":
    sys.exit(main())
