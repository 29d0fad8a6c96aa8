"""Between the signal to end and the end: pages that are open get their time, nobody else does."""

import asyncio
import os
import signal
import time

import pytest
from gpucommons_lab.notices.board import NoticeBoard
from gpucommons_lab.notices.save_before_stop import SaveBeforeStop

_SOON = 0.05
_PATIENCE = 60
"""Seconds: other work may share the machine."""


class Server:
    """What the signal did without us; ``page`` is whether one reads what it is told of."""

    def __init__(self, *, page: bool) -> None:
        self.board = NoticeBoard()
        self.page = page
        self.broken = False
        self.shown: list[str] = []
        self.ends = 0
        self.ended = asyncio.Event()

    def announce(self) -> None:
        if self.broken:
            raise RuntimeError("no events")
        if self.page:
            self.shown += [each.text for each in self.board.read()]

    def end(self, *_: object) -> None:
        self.ends += 1
        self.ended.set()


@pytest.fixture
def serve():
    before = signal.getsignal(signal.SIGTERM)

    def start(hearing: float, saving: float, *, page: bool = True) -> tuple[Server, SaveBeforeStop]:
        server = Server(page=page)
        signal.signal(signal.SIGTERM, server.end)
        before_stop = SaveBeforeStop(server.board, server.announce, hearing=hearing, saving=saving)
        before_stop.start()
        return server, before_stop

    yield start
    signal.signal(signal.SIGTERM, before)


def _signal() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def test_an_open_page_is_told_when_the_server_ends_and_gets_its_time(serve):
    server, _ = serve(_SOON, 1000)
    _signal()
    await asyncio.sleep(4 * _SOON)
    [notice] = server.board.current()
    assert notice.ends_at is not None
    assert server.shown == [notice.text]
    assert not server.ends


async def test_after_its_time_the_server_ends_once(serve):
    server, _ = serve(_SOON, 2 * _SOON)
    _signal()
    await asyncio.wait_for(server.ended.wait(), _PATIENCE)
    await asyncio.sleep(2 * _SOON)
    assert server.ends == 1


async def test_without_an_open_page_nobody_is_waited_for(serve):
    server, _ = serve(_SOON, 1000, page=False)
    _signal()
    await asyncio.wait_for(server.ended.wait(), _PATIENCE)


async def test_a_second_signal_ends_the_server_at_once(serve):
    server, _ = serve(1000, 2000)
    _signal()
    await asyncio.sleep(_SOON)
    assert not server.ends
    _signal()
    await asyncio.wait_for(server.ended.wait(), _PATIENCE)


async def test_a_server_whose_pages_cannot_be_told_ends_all_the_same(serve):
    server, _ = serve(1000, 2000)
    server.broken = True
    _signal()
    await asyncio.wait_for(server.ended.wait(), _PATIENCE)


async def test_who_asks_gets_the_answer_once_pages_had_their_time(serve):
    server, before_stop = serve(_SOON, 4 * _SOON)
    begin = time.monotonic()
    await before_stop.run()
    assert time.monotonic() - begin >= 4 * _SOON
    assert len(server.shown) == 1
    assert not server.ends


async def test_after_a_farewell_the_signal_ends_the_server_at_once(serve):
    server, before_stop = serve(_SOON, 2 * _SOON)
    await before_stop.run()
    server.shown.clear()
    _signal()
    await asyncio.wait_for(server.ended.wait(), _PATIENCE)
    assert not server.shown


async def test_two_who_ask_at_once_are_answered_together_and_pages_told_once(serve):
    server, before_stop = serve(_SOON, 2 * _SOON)
    await asyncio.gather(before_stop.run(), before_stop.run())
    assert len(server.shown) == 1


async def test_a_session_that_went_on_says_farewell_anew(serve, monkeypatch):
    server, before_stop = serve(_SOON, 2 * _SOON)
    await before_stop.run()
    monkeypatch.setattr("gpucommons_lab.notices.save_before_stop._REPEAT_AFTER", 0)
    await before_stop.run()
    assert len(server.shown) == 2


async def test_the_signal_is_given_back(serve):
    server, before_stop = serve(1000, 2000)
    before_stop.stop()
    _signal()
    assert server.ends == 1


async def test_a_program_that_sets_nothing_at_the_signal_is_left_alone():
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        SaveBeforeStop(NoticeBoard(), lambda: None).start()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
