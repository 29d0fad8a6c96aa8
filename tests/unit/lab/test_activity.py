"""Busy terminals are activity, whoever shows them; idle ones are not."""

import asyncio
import os
import pty
import select
import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from gpucommons_lab.activity import Activity, ActivitySource
from gpucommons_lab.terminal_activity import Terminals
from gpucommons_lab.terminals import Process, busy_terminal, read_stat, terminals_below

PATIENCE = 10  # seconds


class Terminal:
    """A real shell on a real terminal, as JupyterLab and VS Code start them."""

    def __init__(self) -> None:
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored below a job in the background
            arguments = ["bash", "--norc", "--noprofile", "-i"]
            os.execve("/bin/bash", arguments, {**os.environ, "PS1": "$ "})
        self.read_until(b"$ ")

    @property
    def device(self) -> Path:
        return Path(f"/proc/{self.pid}/fd/0").readlink()

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def read_until(self, words: bytes) -> None:
        seen = b""
        while words not in seen:
            ready, _, _ = select.select([self._master], [], [], PATIENCE)
            assert ready, seen
            seen += os.read(self._master, 4096)

    def sleep(self) -> None:
        """Have a silent program in front. Until it is loaded it may miss what is typed."""
        self.type("sleep 1000\n")
        end = time.monotonic() + PATIENCE
        while self._name_in_front() != "sleep":
            assert time.monotonic() < end
            time.sleep(0.01)

    def _name_in_front(self) -> str:
        try:
            return Path(f"/proc/{os.tcgetpgrp(self._master)}/comm").read_text().strip()
        except OSError:  # it ended just now
            return ""

    def close(self) -> None:
        os.kill(self.pid, signal.SIGHUP)
        os.close(self._master)
        os.waitpid(self.pid, 0)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def becomes(busy: bool) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if busy_terminal(os.getpid()) == busy:
            return True
        time.sleep(0.01)  # the kernel tells nobody of a change
    return False


def test_a_shell_that_waits_is_not_busy(terminal):
    assert not busy_terminal(os.getpid())


def test_a_silent_program_in_front_makes_it_busy_until_it_ends(terminal):
    terminal.sleep()
    assert becomes(busy=True)
    terminal.type("\x03")
    assert becomes(busy=False)


def test_a_terminal_tells_its_program_and_its_device(terminal):
    (idle,) = terminals_below(os.getpid())
    assert (idle.leader, idle.busy, idle.program) == (terminal.pid, False, None)
    assert idle.device == terminal.device
    terminal.sleep()
    (running,) = terminals_below(os.getpid())
    assert (running.busy, running.program) == (True, "sleep")
    terminal.type("\x03")


def test_a_pipeline_has_the_name_of_its_first_program(terminal):
    terminal.type("sleep 1000 | cat\n")
    assert becomes(busy=True)
    end = time.monotonic() + PATIENCE
    while terminals_below(os.getpid())[0].program != "sleep":  # not loaded yet
        assert time.monotonic() < end
        time.sleep(0.01)
    terminal.type("\x03")
    assert becomes(busy=False)


async def test_a_terminal_of_another_program_is_named_by_its_device(terminal):
    """As those of VS Code."""
    terminals = Terminals({})
    terminal.sleep()
    (told,) = await terminals.look()
    assert Path("/dev", told.name) == terminal.device
    assert (told.busy, told.program) == (True, "sleep")
    assert told.last < PATIENCE
    terminal.type("\x03")
    assert becomes(busy=False)
    (told,) = await terminals.look()
    assert not told.busy


async def test_where_terminals_cannot_be_looked_at_nothing_is_told(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr("gpucommons_lab.terminals._PROC", tmp_path)
    assert await Terminals({}).look() is None
    monkeypatch.setattr("gpucommons_lab.terminal_activity.can_look", lambda: True)
    monkeypatch.setattr("gpucommons_lab.terminals._PROC", tmp_path / "gone")
    assert await Terminals({}).look() is None
    assert "cannot be looked at" in caplog.text


def test_a_program_in_the_background_or_stopped_does_not(terminal):
    terminal.type("sleep 1000 & echo be''gun\n")
    terminal.read_until(b"begun")
    assert becomes(busy=False)
    terminal.type("fg\n")
    assert becomes(busy=True)
    terminal.type("\x1a")
    assert becomes(busy=False)
    terminal.type("kill %1\n")


def test_terminals_of_others_do_not_count(terminal):
    terminal.sleep()
    assert becomes(busy=True)
    assert not busy_terminal(terminal.pid)
    terminal.type("\x03")


async def test_a_busy_terminal_moves_the_time_of_activity_and_an_idle_one_does_not(terminal):
    times: dict[str, datetime] = {}
    activity = Activity(times, period=0.05)
    activity.start()
    await asyncio.sleep(0.5)  # ten looks
    assert times == {}
    terminal.type("sleep 1000\n")
    async with asyncio.timeout(PATIENCE):
        while not times:  # noqa: ASYNC110 - nothing tells of a change
            await asyncio.sleep(0.05)
    assert list(times) == [ActivitySource.TERMINALS]
    await activity.stop()
    terminal.type("\x03")


def test_a_name_with_blanks_and_brackets_is_read():
    line = "12 (a) (b 3) S 1 12 12 34816 40 4194304 100"
    assert read_stat(line) == Process(12, "a) (b 3", 1, 12, 12, 34816, 40)
