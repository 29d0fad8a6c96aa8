"""Stands before a database's socket, and cuts, stalls or refuses connections."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path

from tests.hub.processes import free_port

from .fault import DatabaseFault, Played
from .loop_thread import LoopThread

_PIECE = 2**16


class DatabaseProxy:
    """A loopback port that leads to a Unix socket."""

    def __init__(self, name: str, socket: Path, thread: LoopThread) -> None:
        self.name = name
        self.port = free_port()
        self.played: list[Played] = []
        self._socket = socket
        self._thread = thread
        self._fault: DatabaseFault | None = None
        self._flows = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    def start(self) -> None:
        self._thread.do(self._heal())

    def stop(self) -> None:
        self._thread.do(self._end())

    def play(self, fault: DatabaseFault) -> None:
        self._thread.do(self._play(fault))

    def heal(self) -> None:
        self._thread.do(self._heal())

    async def _play(self, fault: DatabaseFault) -> None:
        self.played.append(Played(time.time(), self.name, fault, "all connections"))
        self._fault = fault
        if fault is DatabaseFault.STALL:
            self._flows.clear()
            return
        if fault is DatabaseFault.REFUSED:
            self._close_listener()
        self._cut()

    async def _heal(self) -> None:
        if self._fault is DatabaseFault.STALL:
            self._cut()  # as the network does, once it finds out
        self._fault = None
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _end(self) -> None:
        self._close_listener()
        self._cut()
        self._flows.set()

    def _close_listener(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._fault is DatabaseFault.CUT:
                writer.transport.abort()
                return
            inward, outward = await asyncio.open_unix_connection(self._socket)
            try:
                await asyncio.gather(self._carry(reader, outward), self._carry(inward, writer))
            finally:
                outward.close()
        except OSError:
            writer.transport.abort()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                await self._flows.wait()
                writer.write(piece)
                await writer.drain()
        writer.close()
