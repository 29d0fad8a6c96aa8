"""The way in: carries connections from the machine's loopback into the node.

A socket belongs to the network namespace it was made in. So this process opens
its ports on the machine, then enters the node's namespace, and whatever it
connects to from there is the node's. It ends when the node does. Whoever speaks plain HTTP to a
hub with HTTPS is answered here: the proxy would only close the connection, and its own redirect
needs another port.

Run as ``python -m gpucommons_local.machine.port_forward NAME PORT [https] [observability]`` by the
supervisor.
"""

import asyncio
import ctypes
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from gpucommons_local.machine import plain_http
from gpucommons_local.machine.instance import Instance

_TLS = b"\x16"
"""How TLS begins, and no HTTP: a record of a handshake (RFC 8446, 5.1)."""
_HEAD_LIMIT_S = 10.0
_CLONE_NEWNET = 0x40000000
_CHUNK = 256 * 1024  # bytes
_Way = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except (ConnectionError, OSError):
        writer.close()


async def carry_tls(
    url: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Join a connection that speaks TLS, as `carry`; lead one of plain HTTP to url."""
    try:
        first = await reader.read(1)
        if first == _TLS:
            await carry(port, reader, writer, first)
            return
        async with asyncio.timeout(_HEAD_LIMIT_S):
            head = first + await reader.readuntil(b"\r\n\r\n")
            writer.write(plain_http.answer(head, url))
            await writer.drain()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # no HTTP either, or gone
    finally:
        writer.close()


async def carry(
    port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes = b""
) -> None:
    """Join one connection with the same port on the node's loopback. first was read already."""
    try:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()  # nobody serves there now; the client sees a closed connection
        return
    inner_writer.write(first)
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


async def _serve(instance: Instance, listeners: list[socket.socket], node: int) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(node, ended.set)
    servers = [
        await asyncio.start_server(_way(instance, listener.getsockname()[1]), sock=listener)
        for listener in listeners
    ]
    await ended.wait()
    for server in servers:
        server.close()


def _way(instance: Instance, port: int) -> _Way:
    """Return what is done with a connection to a port. Dex and API server answer HTTP in words."""
    if instance.https and port == instance.port:
        return partial(carry_tls, instance.url, port)
    return partial(carry, port)


def main() -> int:
    """Carry connections until the node ends; returns 1 then, to be started again."""
    name, port, *more = sys.argv[1:]
    instance = Instance(
        name, int(port), https="https" in more, observability="observability" in more
    )
    listeners = [_listen(port) for port in instance.ports]
    while not instance.node_pid_file.exists():
        time.sleep(0.1)
    pid = int(instance.node_pid_file.read_text())
    node = os.pidfd_open(pid)
    _enter_network(pid)
    asyncio.run(_serve(instance, listeners, node))
    return 1


if __name__ == "__main__":
    sys.exit(main())
