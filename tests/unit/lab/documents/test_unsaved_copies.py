"""Where a page's version of a document goes whose file is another one by now."""

import asyncio

import pytest
from gpucommons_lab.documents.unsaved_copies import UnsavedCopies
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


def text(content):
    return {"type": "file", "format": "text", "content": content}


@pytest.fixture
def copies(tmp_path):
    return UnsavedCopies(AsyncLargeFileManager(root_dir=str(tmp_path)))


def files(folder):
    return {file.name: file.read_text() for file in folder.iterdir()}


async def test_an_earlier_copy_and_a_persons_own_file_stay(copies, tmp_path):
    (tmp_path / "notes-unsaved.txt").write_text("Monday's")
    (tmp_path / "notes-unsaved-2.txt").mkdir()
    copy = await copies.write("notes.txt", text("Tuesday's"), None)
    assert copy.path == "notes-unsaved-3.txt"
    assert (tmp_path / "notes-unsaved.txt").read_text() == "Monday's"
    assert (tmp_path / copy.path).read_text() == "Tuesday's"


async def test_pages_that_save_at_the_same_moment_have_a_copy_each(copies, tmp_path):
    said = [f"page {number}" for number in range(5)]
    await asyncio.gather(*(copies.write("notes.txt", text(each), None) for each in said))
    assert sorted(files(tmp_path).values()) == said


async def test_a_page_writes_into_its_own_copy_again(copies, tmp_path):
    copy = await copies.write("notes.txt", text("one"), None)
    assert await copies.write("notes.txt", text("two"), copy) != copy
    assert files(tmp_path) == {"notes-unsaved.txt": "two"}


async def test_a_copy_that_somebody_changed_or_removed_is_left(copies, tmp_path):
    copy = await copies.write("notes.txt", text("one"), None)
    (tmp_path / copy.path).write_text("theirs")
    again = await copies.write("notes.txt", text("two"), copy)
    assert files(tmp_path) == {"notes-unsaved.txt": "theirs", "notes-unsaved-2.txt": "two"}
    (tmp_path / again.path).unlink()
    await copies.write("notes.txt", text("three"), again)
    assert files(tmp_path) == {"notes-unsaved.txt": "theirs", "notes-unsaved-2.txt": "three"}


async def test_a_file_without_an_ending_and_one_in_a_folder_get_theirs_beside_them(
    copies, tmp_path
):
    (tmp_path / "sub.d").mkdir()
    assert (await copies.write("sub.d/Makefile", text("x"), None)).path == "sub.d/Makefile-unsaved"
