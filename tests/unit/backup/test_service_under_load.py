"""What one person's large or slow repository is to the others: nothing that they notice."""

import asyncio
import contextlib
import itertools
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from gpucommons_backup import Repository, RepositoryUnreachableError, Snapshot
from gpucommons_backup.errors import FolderTooLargeError, NoAnswerError
from gpucommons_backup.service import handlers
from gpucommons_backup.service.handlers import Serving
from gpucommons_backup.service.server import application
from gpucommons_backup.service.shelf import Shelf
from gpucommons_backup.service.work import Work
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from tests.waiting import until_async


class World:
    """The service, for whoever a token names, with repositories that do as a test says."""

    def __init__(self, work: Work) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self._shelves: dict[tuple[str, str], Shelf] = {}
        serving = Serving(self, self, self, work, self)  # type: ignore[arg-type]
        socket, self.port = bind_unused_port()
        self.server = HTTPServer(application(serving))
        self.server.add_socket(socket)

    problem = ""

    async def owner(self, header: str) -> tuple[str, str]:
        team, _, person = header.partition("/")
        return team, person

    def find(self, team: str, person: str) -> tuple[str, str]:
        return team, person

    def of(self, record: tuple[str, str]) -> Shelf:
        return self._shelves.setdefault(record, Shelf(self.repositories[record]))

    async def get(self, who: str, what: str = "snapshots") -> HTTPResponse:
        url = f"http://127.0.0.1:{self.port}/services/files/api/{what}"
        client = AsyncHTTPClient()
        return await client.fetch(url, headers={"Authorization": who}, raise_error=False)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    work = Work()
    world = World(work)
    yield world
    world.server.stop()
    await world.server.close_all_connections()
    work.close()


def _repository(snapshots: Callable[[], list[object]], **more: object) -> Repository:
    return SimpleNamespace(snapshots=snapshots, **more)  # type: ignore[return-value]


def _fails(error: Exception) -> Callable[[], list[object]]:
    def snapshots() -> list[object]:
        raise error

    return snapshots


async def test_a_repository_that_takes_too_long_is_away_for_its_person_alone(world: World) -> None:
    asked: list[str] = []

    def slow() -> list[object]:
        asked.append("slow")
        raise NoAnswerError("The store gave no answer.")

    world.repositories["vision", "ada"] = _repository(slow)
    world.repositories["vision", "bob"] = _repository(list)
    assert (await world.get("vision/ada")).code == 503
    assert (await world.get("vision/bob")).code == 200
    assert (await world.get("vision/ada")).code == 503
    assert asked == ["slow"]  # its pause lasts


async def test_a_store_that_cannot_be_reached_is_left_alone_for_a_while(world: World) -> None:
    away = RepositoryUnreachableError("The store does not answer.")
    world.repositories["vision", "ada"] = _repository(_fails(away))
    world.repositories["vision", "bob"] = _repository(list)
    assert (await world.get("vision/ada")).code == 503
    assert (await world.get("vision/bob")).code == 503


CONTENT = b"x" * 100


class PlayedReading:
    """A file that comes to its end when a test says so."""

    def __init__(self, go: threading.Event) -> None:
        self._go = go

    def read(self, size: int) -> bytes:
        self._go.wait()
        return CONTENT[:size]

    def stop(self) -> None:
        self._go.set()


@pytest.fixture
def reading(world: World) -> Iterator[list[threading.Event]]:
    """Everybody has a file in each team; what is being read of them, in the order that it began."""
    begun: list[threading.Event] = []

    @contextlib.contextmanager
    def file(snapshot: Snapshot, path: bytes) -> Iterator[PlayedReading]:
        begun.append(threading.Event())
        yield PlayedReading(begun[-1])

    node = {"name": "a", "type": "file", "mtime": "2026-11-02T08:00:00Z", "size": len(CONTENT)}
    tree = json.dumps({"nodes": [node]}).encode()
    snapshot = Snapshot("ab" * 32, datetime(2026, 11, 2, tzinfo=UTC), "top", "workspace")
    for who in itertools.product(("vision", "speech", "robotics"), ("ada", "bob")):
        world.repositories[who] = _repository(lambda: [snapshot], tree=lambda _id: tree, file=file)
    yield begun
    for each in begun:
        each.set()


FILE = f"file?snapshot={'ab' * 32}&path=a"


async def test_one_person_gets_two_files_at_once_in_all_teams_together(
    world: World, reading: list[threading.Event]
) -> None:
    hers = [asyncio.create_task(world.get(f"{team}/ada", FILE)) for team in ("vision", "speech")]
    await until_async(lambda: len(reading) == 2)
    third = asyncio.create_task(world.get("robotics/ada", FILE))
    assert (await world.get("robotics/ada")).code == 200
    his = asyncio.create_task(world.get("vision/bob", FILE))
    await until_async(lambda: len(reading) == 3)
    reading[2].set()
    assert (await his).body == CONTENT
    assert not third.done()
    reading[0].set()
    await until_async(lambda: len(reading) == 4)
    for each in reading:
        each.set()
    assert [(await each).body for each in (*hers, third)] == [CONTENT] * 3


async def test_a_file_that_is_taken_too_slowly_is_broken_off(
    world: World, reading: list[threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "_LONGEST_S", 0)
    answer = await world.get("vision/ada", FILE)
    assert answer.code >= 500
    assert reading[0].is_set()  # its program was ended


async def test_a_folder_that_is_too_large_is_refused_with_a_reason(world: World) -> None:
    def tree(_identifier: str) -> bytes:
        raise FolderTooLargeError("A folder is too large.")

    snapshot = Snapshot("ab" * 32, datetime(2026, 11, 2, tzinfo=UTC), "top", "workspace")
    world.repositories["vision", "ada"] = _repository(lambda: [snapshot], tree=tree)
    answer = await world.get("vision/ada", FILE)
    assert answer.code == 413
    assert "too many files" in json.loads(answer.body)["message"]
