"""The catalogue follows its file; a broken file changes nothing but is told."""

import asyncio
import logging
import os
import threading
from pathlib import Path

import pytest
from gpucommons_spawner.catalogue import live as module
from gpucommons_spawner.catalogue.file import CatalogueError
from gpucommons_spawner.catalogue.live import LiveCatalogue

from .conftest import CATALOGUE

LOG = logging.getLogger("catalogue")


def _of(text: str, memory: str) -> str:
    return text.replace("memory: 1Gi", f"memory: {memory}")


@pytest.fixture
def file(tmp_path) -> Path:
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE)
    os.utime(file, (0, 0))  # two writes of one moment would leave the same time behind
    return file


def _memory(live: LiveCatalogue) -> str:
    return live.current.sizes["cpu"].memory


async def test_a_change_is_taken_up(file):
    live = LiveCatalogue(file)
    file.write_text(_of(CATALOGUE, "2Gi"))
    await live.look(LOG)
    assert _memory(live) == "2Gi"


async def test_a_file_that_has_not_changed_is_not_read(file, monkeypatch):
    live = LiveCatalogue(file)
    before = live.current
    monkeypatch.setattr(module, "load_catalogue", None)  # would fail if called
    await live.look(LOG)
    assert live.current is before


async def test_a_config_map_is_followed_through_the_links_that_kubernetes_swaps(tmp_path):
    for name, memory in (("one", "1Gi"), ("two", "3Gi")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "catalogue.yaml").write_text(_of(CATALOGUE, memory))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "catalogue.yaml").symlink_to("..data/catalogue.yaml")
    live = LiveCatalogue(tmp_path / "catalogue.yaml")
    (tmp_path / "..data_tmp").symlink_to("two")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    await live.look(LOG)
    assert _memory(live) == "3Gi"


async def test_a_broken_file_leaves_the_one_before_in_force_and_is_told_once(file, caplog):
    live = LiveCatalogue(file)
    text = CATALOGUE.replace("memory: 1Gi", "memroy: 2Gi")
    file.write_text(text)
    column = text.splitlines()[19].index("memroy") + 1
    for _ in range(2):
        await live.look(LOG)
    assert _memory(live) == "1Gi"
    (problem,) = live.problems
    assert (problem.line, problem.column, problem.key) == (20, column, "sizes.cpu.memroy")
    (line,) = caplog.messages
    assert f"{file}:20: sizes.cpu.memroy: unknown key; did you mean memory?" in line


async def test_a_mended_file_is_taken_up_and_the_problem_forgotten(file):
    live = LiveCatalogue(file)
    file.write_text("- no catalogue")
    await live.look(LOG)
    assert live.problems
    file.write_text(_of(CATALOGUE, "4Gi"))
    await live.look(LOG)
    assert (_memory(live), live.problems) == ("4Gi", ())


@pytest.mark.parametrize("text", [None, "a: &a [*a]", "[" * 1000, "\x00", "a: 2027-99-99"])
async def test_nothing_in_a_file_ends_the_following(file, text):
    live = LiveCatalogue(file)
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    await live.look(LOG)
    assert live.problems
    assert _memory(live) == "1Gi"


async def test_a_file_that_changes_while_it_is_read_is_left_to_the_next_look(file, monkeypatch):
    live = LiveCatalogue(file)
    file.write_text(CATALOGUE[:200])
    load = module.load_catalogue

    def load_late(path):
        try:
            return load(path)
        finally:
            path.write_text(_of(CATALOGUE, "2Gi"))

    monkeypatch.setattr(module, "load_catalogue", load_late)
    await live.look(LOG)
    assert (_memory(live), live.problems) == ("1Gi", ())
    monkeypatch.setattr(module, "load_catalogue", load)
    await live.look(LOG)
    assert _memory(live) == "2Gi"


async def test_the_hub_goes_on_while_a_file_is_read(file, monkeypatch):
    live = LiveCatalogue(file)
    file.write_text(_of(CATALOGUE, "2Gi"))
    load, answered = module.load_catalogue, threading.Event()

    def load_when_the_hub_has_answered_somebody(path):
        assert answered.wait(60)  # would wait in vain on the hub's own loop
        return load(path)

    monkeypatch.setattr(module, "load_catalogue", load_when_the_hub_has_answered_somebody)
    look = asyncio.create_task(live.look(LOG))
    await asyncio.sleep(0.05)
    answered.set()
    await look
    assert _memory(live) == "2Gi"


async def test_a_change_is_found_without_being_asked_for(file, monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    live = LiveCatalogue(file)
    live.begin(LOG)
    file.write_text(_of(CATALOGUE, "2Gi"))
    async with asyncio.timeout(60):
        while _memory(live) != "2Gi":  # noqa: ASYNC110 -- what is tested has no event
            await asyncio.sleep(0.01)


async def test_a_name_that_nobody_can_have_is_logged_when_a_file_is_taken_up(file, caplog):
    live = LiveCatalogue(file)
    file.write_text(CATALOGUE + "  users: {Ada@example.org: {gpus: 4}}\n")
    await live.look(LOG)
    assert "quotas.users.Ada@example.org: nobody can be called" in caplog.text


async def test_the_file_is_followed_after_a_look_that_failed(file, monkeypatch):
    live, looked = LiveCatalogue(file), asyncio.Event()
    look = live.look

    async def look_in_vain_once(log: logging.Logger) -> None:
        monkeypatch.setattr(live, "look", look_and_tell)
        raise MemoryError

    async def look_and_tell(log: logging.Logger) -> None:
        await look(log)
        looked.set()

    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(live, "look", look_in_vain_once)
    live.begin(LOG)
    async with asyncio.timeout(60):
        await looked.wait()


def test_a_hub_does_not_start_with_a_broken_file(file):
    file.write_text("")
    with pytest.raises(CatalogueError):
        LiveCatalogue(file)
