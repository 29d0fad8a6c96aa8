"""What JupyterLab has moved to the trash, and how it comes back."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from gpucommons_lab.storage.trashed import NotInTrashError, Trashed

NASTY = b"work/caf\xe9 100%.txt"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One in which a file, a nasty one and a folder were deleted as JupyterLab does it."""
    (tmp_path / "work").mkdir()
    (tmp_path / "train.ipynb").write_text("words")
    with open(os.path.join(os.fsencode(tmp_path), NASTY), "wb") as file:  # noqa: PTH118, PTH123
        file.write(b"nasty")
    (tmp_path / "data" / "inner").mkdir(parents=True)
    program = (
        "import os, sys, send2trash; send2trash.send2trash(list(map(os.fsencode, sys.argv[1:])))"
    )
    subprocess.run(
        [sys.executable, "-c", program, b"train.ipynb", NASTY, b"data"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
        check=True,
    )
    return tmp_path


@pytest.fixture
def trashed(home: Path) -> Trashed:
    return Trashed(home, home / ".local/share/Trash")


def test_what_was_deleted_is_listed_with_its_place(trashed: Trashed) -> None:
    found = {each.path: (each.is_folder, each.size) for each in trashed.listed()}
    assert found == {
        "train.ipynb": (False, 5),
        quote_from_bytes(NASTY): (False, 5),
        "data": (True, None),
    }


def test_it_comes_back_to_where_it_was(home: Path, trashed: Trashed) -> None:
    (home / "work").rmdir()  # with its folder
    for each in trashed.listed():
        assert trashed.put_back(each.id) == each.path
    assert (home / "train.ipynb").read_text() == "words"
    assert (home / "data" / "inner").is_dir()
    assert Path(os.fsdecode(os.fsencode(home) + b"/" + NASTY)).read_bytes() == b"nasty"
    assert trashed.listed() == []


def test_what_is_there_now_is_not_replaced(home: Path, trashed: Trashed) -> None:
    (home / "train.ipynb").write_text("new")
    [entry] = [each for each in trashed.listed() if each.path == "train.ipynb"]
    assert trashed.put_back(entry.id) == "train%20%282%29.ipynb"
    assert (home / "train.ipynb").read_text() == "new"
    assert (home / "train (2).ipynb").read_text() == "words"


@pytest.mark.parametrize("identifier", ["none.trashinfo", "../../train.trashinfo", ""])
def test_what_is_not_in_the_trash_is_not_moved(trashed: Trashed, identifier: str) -> None:
    with pytest.raises(NotInTrashError):
        trashed.put_back(identifier)
