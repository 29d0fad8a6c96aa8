"""Stands before an HTTP server, and plays faults instead of its answers.

Without a fault everything passes as it is, watches too. What is played is told by ``play`` and
``heal``, and stands in ``played`` afterwards.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
from aiohttp import web

from tests.hub.processes import free_port

from .answers import EVENTS, instead
from .fault import Fault, Play, Played
from .loop_thread import LoopThread
from .spoiled import other_json, without_items

_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host", "upgrade"}
"""Headers that are of one connection alone."""
_DRIP_S, _DRIPS = 0.5, 20
_OLD_S = 45.0
"""An old list is at least so old, if the server has been asked for as long."""
_WATCHES = {Fault.WATCH_ENDS, Fault.WATCH_EXPIRED}


class FaultsProxy:
    """The way to one server. ``url`` is where programs find it."""

    def __init__(
        self,
        name: str,
        upstream: str,
        thread: LoopThread,
        *,
        certificate: ssl.SSLContext | None = None,
    ) -> None:
        """upstream: the server's address without a path; its certificate is not checked.
        certificate: ours, for programs that speak TLS to us.
        """
        self.name = name
        self.port = free_port()
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        self.played: list[Played] = []
        self.upstream = upstream
        self._thread = thread
        self._certificate = certificate
        self._plays: list[Play] = []
        self._healed = asyncio.Event()
        self._open: list[web.Request] = []
        self._older: dict[str, tuple[float, bytes]] = {}
        self._newer: dict[str, tuple[float, bytes]] = {}
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._client: aiohttp.ClientSession | None = None

    def start(self) -> None:
        self._thread.do(self._start())

    def stop(self) -> None:
        self._thread.do(self._stop())

    def play(self, fault: Fault, path: str = "", times: int | None = None) -> None:
        """Play a fault from now on, for requests that match; what is under way is broken off."""
        self._thread.do(self._play(Play(fault, path, times)))

    def heal(self) -> None:
        """Be as the server is again."""
        self._thread.do(self._heal())

    async def _start(self) -> None:
        application = web.Application(client_max_size=2**26)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._client = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            connector=aiohttp.TCPConnector(limit=0, ssl=False),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self._listen()

    async def _stop(self) -> None:
        await self._heal()
        assert self._runner
        assert self._client
        self._break_off(Play(Fault.CUT))
        await self._runner.cleanup()
        await self._client.close()

    async def _listen(self) -> None:
        assert self._runner
        self._site = web.TCPSite(
            self._runner, "127.0.0.1", self.port, ssl_context=self._certificate
        )
        await self._site.start()

    async def _play(self, play: Play) -> None:
        self._healed.clear()
        self._plays.append(play)
        if play.fault is Fault.REFUSED and self._site:
            await self._site.stop()
            self._site = None
            self._note(play, "all connections")
            for connection in list(self._runner.server.connections if self._runner else ()):
                if connection.transport:
                    connection.transport.abort()
        elif play.fault is not Fault.SILENCE:
            self._break_off(play)

    async def _heal(self) -> None:
        self._plays.clear()
        self._healed.set()
        if self._site is None:
            await self._listen()

    def _break_off(self, play: Play) -> None:
        for request in list(self._open):
            if play.pattern.search(_words(request)) and request.transport:
                request.transport.abort()

    def _due(self, request: web.Request) -> Play | None:
        for play in self._plays:
            if play.times == 0 or not play.pattern.search(_words(request)):
                continue
            if play.fault in _WATCHES and not _is_watch(request):
                continue
            if play.times is not None:
                play.times -= 1
            return play
        return None

    def _note(self, play: Play, words: str) -> None:
        self.played.append(Played(time.time(), self.name, play.fault, words))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        play = self._due(request)
        try:
            if play is None:
                return await self._pass_on(request)
            self._note(play, _words(request))
            return await self._spoil(request, play.fault)
        except (aiohttp.ClientError, ConnectionError, TimeoutError):
            # As the server itself would look: the connection ends.
            _abort(request)
            return web.Response()

    async def _spoil(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if made_up := instead(fault):
            await request.read()
            return made_up
        if fault in {Fault.SILENCE, Fault.REFUSED}:
            await self._healed.wait()
            _abort(request)
            return web.Response()
        if _is_watch(request):
            return await self._spoil_watch(request, fault)
        return await _SPOILERS[fault](self, request)

    async def _spoil_watch(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        match fault:
            case Fault.DRIP:
                return await self._pass_on(request, _DRIP_S)
            case Fault.CUT | Fault.OTHER_JSON:
                return web.Response(body=EVENTS[fault], content_type="application/json")
            case _:
                return await self._pass_on(request)

    async def _fewer(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        status, headers, body = await self._whole(request)
        return web.Response(
            status=status, headers=headers, body=without_items(body, fault) if body else body
        )

    async def _empty(self, request: web.Request) -> web.StreamResponse:
        return await self._fewer(request, Fault.EMPTY)

    async def _half(self, request: web.Request) -> web.StreamResponse:
        return await self._fewer(request, Fault.HALF)

    async def _cut(self, request: web.Request) -> web.StreamResponse:
        """Let the server do what it was asked, and lose half of its answer."""
        status, headers, body = await self._whole(request)
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(body) + 1
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        if request.transport:
            request.transport.close()
        return response

    async def _other_json(self, request: web.Request) -> web.StreamResponse:
        status, headers, body = await self._whole(request)
        return web.Response(status=status, headers=headers, body=other_json(body))

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        status, headers, body = await self._whole(request)
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = len(body)
        await response.prepare(request)
        size = len(body) // _DRIPS + 1
        for begin in range(0, len(body), size):
            with suppress(TimeoutError):
                async with asyncio.timeout(_DRIP_S):
                    await self._healed.wait()
            await response.write(body[begin : begin + size])
        return response

    async def _old(self, request: web.Request) -> web.StreamResponse:
        kept = self._older.get(_words(request))
        if kept is None:
            return await self._pass_on(request)
        return web.Response(body=kept[1], content_type="application/json")

    async def _whole(self, request: web.Request) -> tuple[int, dict[str, str], bytes]:
        """Ask the server, and read its whole answer."""
        async with self._ask(request, {"Accept-Encoding": "identity"}) as answer:
            return answer.status, _passed(answer.headers), await answer.read()

    def _ask(
        self, request: web.Request, more: dict[str, str]
    ) -> "aiohttp.client._RequestContextManager":
        assert self._client
        return self._client.request(
            request.method,
            f"{self.upstream}{request.raw_path}",
            headers={**_passed(request.headers), **more},
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Content-Type"),
        )

    async def _pass_on(self, request: web.Request, pause: float = 0) -> web.StreamResponse:
        """Pass an answer on, piece by piece; while silence is played, nothing."""
        keeps = request.method == "GET" and not _is_watch(request)
        kept: list[bytes] = []
        self._open.append(request)
        try:
            async with self._ask(request, {"Accept-Encoding": "identity"}) as answer:
                response = web.StreamResponse(status=answer.status, headers=_passed(answer.headers))
                response.content_length = answer.content_length
                await response.prepare(request)
                async for piece in answer.content.iter_any():
                    await self._wait_out_silence(request)
                    if pause:
                        await asyncio.sleep(pause)
                    await response.write(piece)
                    if keeps:
                        kept.append(piece)
                if keeps and answer.status == 200:
                    self._remember(_words(request), b"".join(kept))
                return response
        finally:
            self._open.remove(request)

    async def _wait_out_silence(self, request: web.Request) -> None:
        for play in self._plays:
            if play.fault is Fault.SILENCE and play.pattern.search(_words(request)):
                self._note(play, _words(request))
                await self._healed.wait()

    def _remember(self, words: str, body: bytes) -> None:
        now = time.monotonic()
        before = self._newer.get(words)
        if before is None or now - before[0] > _OLD_S:
            self._older[words] = before or (now, body)
            self._newer[words] = (now, body)


_SPOILERS: dict[Fault, Callable[[FaultsProxy, web.Request], Awaitable[web.StreamResponse]]] = {
    Fault.EMPTY: FaultsProxy._empty,
    Fault.HALF: FaultsProxy._half,
    Fault.CUT: FaultsProxy._cut,
    Fault.OTHER_JSON: FaultsProxy._other_json,
    Fault.DRIP: FaultsProxy._drip,
    Fault.OLD: FaultsProxy._old,
}


def _words(request: web.Request) -> str:
    return f"{request.method} {request.raw_path}"


def _is_watch(request: web.Request) -> bool:
    return request.query.get("watch", "").lower() in {"1", "true"}


def _passed(headers: "aiohttp.typedefs.LooseHeaders") -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP}


def _abort(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()
