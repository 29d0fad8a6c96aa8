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
from gpucommons_lab.activity.activity_times import ActivitySource, ActivityTimes
from gpucommons_lab.activity.terminal_processes import (
    Process,
    busy_terminal,
    read_stat,
    terminals_below,
)
from gpucommons_lab.activity.terminals import TerminalActivityProbe

PATIENCE = 60
"""Seconds: other work may share the machine."""


class Terminal:
    """A real shell on a real terminal, as JupyterLab and VS Code start them."""

    def __init__(self) -> None:
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            for each in (signal.SIGINT, signal.SIGHUP):  # ignored below a job in the background
                signal.signal(each, signal.SIG_DFL)
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
        self.wait_for("sleep")

    def wait_for(self, program: str) -> None:
        """Until it is loaded: until then it is a copy of the shell that waits for a command."""
        end = time.monotonic() + PATIENCE
        while self._name_in_front() != program:
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


def test_a_shell_within_a_shell_is_busy_only_with_what_runs_in_it(terminal):
    terminal.type("bash --norc -i\n")
    terminal.type("sh -i\n")
    terminal.type("echo dee''per\n")
    terminal.read_until(b"deeper")
    assert becomes(busy=False)
    terminal.sleep()
    assert becomes(busy=True)
    terminal.type("\x03")
    assert becomes(busy=False)


@pytest.mark.parametrize("command", ["sh -c 'sleep 1000; :'", "sh waiting.sh"])
def test_a_shell_with_a_script_is_a_program(terminal, command, tmp_path):
    (tmp_path / "waiting.sh").write_text("read nothing\n")
    terminal.type(f"cd {tmp_path} && echo be''gun && {command}\n")
    terminal.read_until(b"begun")
    terminal.wait_for("sh")
    (running,) = terminals_below(os.getpid())
    assert (running.busy, running.program) == (True, "sh")
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
    began = time.monotonic()
    terminals = TerminalActivityProbe({})
    terminal.sleep()
    (told,) = await terminals.look()
    assert Path("/dev", told.name) == terminal.device
    assert (told.busy, told.program) == (True, "sleep")
    assert told.last <= time.monotonic() - began
    terminal.type("\x03")
    assert becomes(busy=False)
    (told,) = await terminals.look()
    assert not told.busy


async def test_where_terminals_cannot_be_looked_at_nothing_is_told(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr("gpucommons_lab.activity.terminal_processes._PROC", tmp_path)
    assert await TerminalActivityProbe({}).look() is None
    monkeypatch.setattr("gpucommons_lab.activity.terminals.can_look", lambda: True)
    monkeypatch.setattr("gpucommons_lab.activity.terminal_processes._PROC", tmp_path / "gone")
    assert await TerminalActivityProbe({}).look() is None
    assert "cannot be read" in caplog.text


def test_a_program_in_the_background_or_stopped_does_not(terminal):
    terminal.type("sleep 1000 & echo be''gun\n")
    terminal.read_until(b"begun")
    assert becomes(busy=False)
    terminal.type("fg\n")
    terminal.wait_for("sleep")  # a copy of the shell would not stop
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
    activity = ActivityTimes(times, period=0.05)
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
