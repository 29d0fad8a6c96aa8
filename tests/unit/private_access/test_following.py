"""Peers are applied as they come and go, and stay while nothing is known of them."""

import re
import socket
from pathlib import Path

import pytest
from gpucommons_contract.private_access import read_access
from gpucommons_people.private_access.keys import new_keys
from gpucommons_private_access import following, interface
from gpucommons_private_access.peers import peers_of
from gpucommons_upkeep.errors import SetupError

from .test_peers import ADA, BEN, _list, _object

KEYS = new_keys()
ACCESS = read_access(
    {
        "endpoint": "vpn.example.org:51820",
        "public_key": KEYS.public,
        "addresses": "10.88.0.0/24",
        "entrance": "10.20.0.10",
    }
)


class PlayedTunnel:
    """Ends after some looks."""

    def __init__(self, looks: int) -> None:
        self.now: list[str] = []
        self._looks = looks

    @property
    def ended(self) -> bool:
        self._looks -= 1
        return self._looks < 0

    def let_in(self, peers) -> bool:
        self.now = [each.public_key for each in peers]
        return True


def _follow(monkeypatch, tmp_path: Path, *answers) -> tuple[PlayedTunnel, list[float]]:
    """Follow what the API server answers: a list, or an error."""
    given = iter(answers)

    def listed(_server):
        answer = next(given)
        if isinstance(answer, Exception):
            raise answer
        return peers_of(answer)

    monkeypatch.setattr(following, "listed", listed)
    tunnel, pauses = PlayedTunnel(len(answers)), []
    following.follow(None, tunnel, tmp_path / "ready", pauses.append)
    return tunnel, pauses


def test_who_is_listed_no_more_is_out_at_the_next_look(monkeypatch, tmp_path):
    both = _list(_object("10.88.0.2", ADA), _object("10.88.0.3", BEN))
    tunnel, pauses = _follow(monkeypatch, tmp_path, both, _list(_object("10.88.0.3", BEN)))
    assert tunnel.now == [BEN]
    assert max(pauses) < 60
    assert (tmp_path / "ready").exists()


@pytest.mark.parametrize("error", [OSError("refused"), ValueError("incomplete"), KeyError("items")])
def test_while_the_api_server_does_not_answer_who_is_in_stays(monkeypatch, tmp_path, error, caplog):
    tunnel, pauses = _follow(monkeypatch, tmp_path, _list(_object("10.88.0.2", ADA)), error, error)
    assert tunnel.now == [ADA]
    assert max(pauses) < 60
    assert caplog.text.count("cannot be listed") == 1


def test_nobody_is_ready_before_the_first_list(monkeypatch, tmp_path):
    _follow(monkeypatch, tmp_path, OSError("refused"))
    assert not (tmp_path / "ready").exists()


def test_the_same_peers_are_not_applied_twice_and_others_addresses_never(monkeypatch, caplog):
    caplog.set_level("INFO")
    texts = []
    monkeypatch.setattr(interface, "_run", lambda *_command, given="": texts.append(given) or "")
    tunnel = interface.Tunnel(ACCESS, KEYS.private)
    peers = peers_of(_list(_object("10.88.0.2", ADA), _object("10.99.0.3", BEN)))
    assert tunnel.let_in(peers)
    assert not tunnel.let_in(peers)
    (text,) = texts
    assert ADA in text
    assert BEN not in text
    assert caplog.messages == [
        "peer-10-99-0-3 lets nobody in: it is not of 10.88.0.0/24",
        "1 devices are let in",
    ]


def test_peers_that_could_not_be_applied_are_applied_the_next_time(monkeypatch):
    def fails(*_command, given=""):
        raise SetupError("no")

    tunnel = interface.Tunnel(ACCESS, KEYS.private)
    monkeypatch.setattr(interface, "_run", lambda *_command, given="": "")
    assert tunnel.let_in([])
    monkeypatch.setattr(interface, "_run", fails)
    peers = peers_of(_list(_object("10.88.0.2", ADA)))
    with pytest.raises(SetupError):
        tunnel.let_in(peers)
    monkeypatch.setattr(interface, "_run", lambda *_command, given="": "")
    assert tunnel.let_in([])


def test_a_public_key_that_is_not_the_private_one_s_is_told(monkeypatch):
    monkeypatch.setattr(interface, "_run", lambda *_command, given="": f"{ADA}\n")
    with pytest.raises(SetupError, match=re.escape(f"but the private key's is {ADA}")):
        interface.Tunnel(ACCESS, KEYS.private).__enter__()


class PlayedProcess:
    """Listens as wireguard-go does, once it is looked at."""

    def __init__(self, *_command, **_options) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._listens = False

    def poll(self) -> None:
        if not self._listens:
            self._socket.bind("wg0.sock")
            self._socket.listen()
            self._listens = True

    def terminate(self) -> None:
        self._socket.close()

    def wait(self) -> None:
        pass


def test_the_socket_of_one_that_was_killed_is_not_taken_for_the_new_one_s(monkeypatch, tmp_path):
    def run(*command, given=""):
        if command[:2] == ("wg", "syncconf"):
            with socket.socket(socket.AF_UNIX) as asks:
                asks.connect("wg0.sock")
        return KEYS.public

    monkeypatch.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as before:
        before.bind("wg0.sock")
    forwarding = Path("ip_forward")
    forwarding.write_text("1\n")
    for name, value in {
        "_SOCKET": Path("wg0.sock"),
        "_FORWARDING": forwarding,
        "_TUN": Path("/dev/null"),
        "_run": run,
    }.items():
        monkeypatch.setattr(interface, name, value)
    monkeypatch.setattr(interface.subprocess, "Popen", PlayedProcess)
    with interface.Tunnel(ACCESS, KEYS.private) as tunnel:
        assert not tunnel.ended
