"""Linux takes sockets with short paths only: a state folder too deep is told before a start."""

import os
import socket

import pytest
from gpucommons_local import preflight
from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.supervision import LONGEST_SOCKET_PATH, socket_of


@pytest.fixture
def instance(monkeypatch, tmp_path):
    """A function that answers an instance whose socket has a path of so many bytes."""
    for each in ("_machine", "_space", "_ports"):
        monkeypatch.setattr(preflight, each, lambda *_, **__: [])

    def instance(length):
        monkeypatch.setenv("GPUCOMMONS_STATE", "/ä")
        rest = length - len(os.fsencode(socket_of(Instance())))
        monkeypatch.setenv("GPUCOMMONS_STATE", "/ä" + "x" * rest)
        return Instance()

    return instance


def test_the_longest_path_that_may_be_is_taken(instance):
    preflight.check(instance(LONGEST_SOCKET_PATH), cached=True)


def test_a_longer_one_is_told_with_what_to_do(instance):
    with pytest.raises(PlatformError, match=r"is 3 bytes too long.*GPUCOMMONS_STATE"):
        preflight.check(instance(LONGEST_SOCKET_PATH + 3), cached=True)


def test_the_longest_is_what_linux_takes_with_what_supervisord_adds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("x" * LONGEST_SOCKET_PATH + ".4194304")
    with socket.socket(socket.AF_UNIX) as listener, pytest.raises(OSError, match="too long"):
        listener.bind("x" * (LONGEST_SOCKET_PATH + 1) + ".4194304")
