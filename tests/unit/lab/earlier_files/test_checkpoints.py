"""Whose checkpoints JupyterLab has, and when the service is asked for versions."""

import asyncio
from datetime import UTC, datetime

import pytest
from gpucommons_lab.earlier_files.checkpoints import (
    CheckpointsWithSnapshots,
    EarlierFiles,
    offer_earlier_files,
)
from gpucommons_lab.earlier_files.service import (
    FilesService,
    ServiceError,
    Version,
    files_service,
)
from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints
from jupyter_server.services.contents.filemanager import FileContentsManager
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from traitlets.config import Config

ENVIRONMENT = {"GPUCOMMONS_FILES_URL": "http://127.0.0.1:9/f", "JUPYTERHUB_API_TOKEN": "token"}
SERVICE = FilesService(ENVIRONMENT["GPUCOMMONS_FILES_URL"], "token")
VERSION = Version("0" * 64, datetime.now(UTC), 3)


def test_versions_are_offered_where_there_is_a_service(tmp_path) -> None:
    contents = AsyncLargeFileManager(root_dir=str(tmp_path))
    assert offer_earlier_files(contents, SERVICE)
    assert isinstance(contents.checkpoints, CheckpointsWithSnapshots)
    assert contents.checkpoints.root_dir == str(tmp_path)


@pytest.mark.parametrize("lacks", list(ENVIRONMENT))
def test_a_session_has_no_service_unless_the_hub_names_one(lacks: str) -> None:
    assert files_service(ENVIRONMENT) is not None
    assert files_service({**ENVIRONMENT, lacks: ""}) is None


@pytest.mark.parametrize("section", ["ContentsManager", "AsyncLargeFileManager"])
def test_checkpoints_that_somebody_chose_stay(tmp_path, section: str) -> None:
    config = Config({section: {"checkpoints_class": AsyncFileCheckpoints}})
    contents = AsyncLargeFileManager(root_dir=str(tmp_path), config=config)
    assert not offer_earlier_files(contents, SERVICE)
    assert type(contents.checkpoints) is AsyncFileCheckpoints


def test_another_contents_manager_keeps_its_own(tmp_path) -> None:
    contents = FileContentsManager(root_dir=str(tmp_path))
    before = contents.checkpoints
    assert not offer_earlier_files(contents, SERVICE)
    assert contents.checkpoints is before


class Played(FilesService):
    """Counts questions; without ``found`` it is away."""

    def __init__(self, found: list[Version] | None) -> None:
        self.found = found
        self.asked: list[bytes] = []

    def versions(self, path: bytes) -> list[Version]:
        self.asked.append(path)
        if self.found is None:
            raise ServiceError("away")
        return self.found


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_an_answer_is_remembered_for_a_minute() -> None:
    service, clock = Played([VERSION]), Clock()
    earlier = EarlierFiles(service, clock)
    both = await asyncio.gather(earlier.versions(b"a"), earlier.versions(b"a"))
    assert both == [[VERSION], [VERSION]]
    clock.now = 59
    await earlier.versions(b"a")
    assert service.asked == [b"a"]
    clock.now = 61
    await earlier.versions(b"a")
    assert service.asked == [b"a", b"a"]


async def test_a_service_that_is_away_is_left_alone_and_said_once(caplog) -> None:
    service, clock = Played(None), Clock()
    earlier = EarlierFiles(service, clock)
    for clock.now in (0, 10, 29, 31):
        assert await earlier.versions(b"a") == []
    assert service.asked == [b"a", b"a"]
    assert [each.getMessage() for each in caplog.records] == [
        "Earlier files are not listed, the service is away: away"
    ]
    service.found, clock.now = [VERSION], 62
    assert await earlier.versions(b"a") == [VERSION]
