"""What JupyterLab deletes in a session goes to the trash of the home folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gpucommons_lab.storage.home_trash import use_home_trash
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

HUB = {"JUPYTERHUB_API_TOKEN": "token"}
PROGRAM = """
import asyncio, sys
from pathlib import Path
from gpucommons_lab.storage.home_trash import use_home_trash
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
contents = AsyncLargeFileManager(root_dir="/", delete_to_trash=False)
use_home_trash(contents, Path.home(), {"JUPYTERHUB_API_TOKEN": "token"})
asyncio.run(contents.delete(sys.argv[1]))
assert contents.delete_to_trash
"""


def _delete(home: Path, file: Path) -> None:
    """In a process of its own: where the trash is, is read from HOME once."""
    environment = {"HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", PROGRAM, str(file)], env=environment, check=True)


def test_a_file_of_the_home_folder_goes_to_its_trash(tmp_path: Path) -> None:
    file = tmp_path / "train.ipynb"
    file.touch()
    _delete(tmp_path, file)
    assert not file.exists()
    assert (tmp_path / ".local/share/Trash/files/train.ipynb").exists()


@pytest.mark.skipif(
    Path("/dev/shm").stat().st_dev == Path("/tmp").stat().st_dev,
    reason="/dev/shm and /tmp are on one volume",
)
def test_a_file_of_another_volume_is_deleted_for_good(tmp_path: Path) -> None:
    file = Path(f"/dev/shm/{tmp_path.name}-{os.getpid()}.txt")
    file.touch()
    _delete(tmp_path, file)
    assert not file.exists()
    assert not list(Path("/dev/shm").glob(".Trash*"))
    assert not (tmp_path / ".local/share/Trash").exists()


def test_outside_of_a_hub_the_servers_own_setting_holds(tmp_path: Path) -> None:
    contents = AsyncLargeFileManager(root_dir=str(tmp_path), delete_to_trash=False)
    assert not use_home_trash(contents, tmp_path, {})
    assert not contents.delete_to_trash
    assert use_home_trash(contents, tmp_path, HUB)
    assert contents.delete_to_trash
