"""A real store on a loopback port, a workspace, and its repository."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpucommons_backup import Repository

from tests.backup.store import Store, new_name
from tests.backup.takings import Takings
from tests.waiting import until


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store that Jobs may add to, and remove nothing from."""
    store = Store(tmp_path_factory.mktemp("store"))
    store.start()
    yield store
    store.stop()


@pytest.fixture(scope="session")
def keeper(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Another server for the same files, through which they can be removed."""
    keeper = Store(tmp_path_factory.mktemp("keeper"), store.files, append_only=False)
    keeper.start()
    yield keeper
    keeper.stop()


@pytest.fixture
def name() -> str:
    """A repository's name, which no other test has."""
    return new_name()


@pytest.fixture
def repository(store: Store, name: str) -> Repository:
    repository = store.repository(name)
    repository.create()
    return repository


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return workspace


@pytest.fixture
def takings(repository: Repository, workspace: Path, tmp_path: Path) -> Takings:
    return Takings(repository, workspace, tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    image, mounted = tmp_path / "disk", tmp_path / "mounted"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(8 * 2**20)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-N", "1024", "-m", "0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, mounted], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small file system can be mounted here: {error}")
    yield mounted
    until(lambda: subprocess.run(["umount", mounted], check=False).returncode == 0)
