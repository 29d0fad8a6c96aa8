"""A device comes in through a real WireGuard with what its handout says, and is out again.

Each machine is a network namespace: the pod with the tunnel's end, the entrance, two devices
outside, and a neighbour in the cluster. Between them one routes, as a node does.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from gpucommons_local.machine.cache import checkout
from gpucommons_people.clients.patience import AT_ONCE
from gpucommons_people.errors import PeopleError
from gpucommons_people.files.configuration import HubConfiguration
from gpucommons_people.private_access.keys import Keys, new_keys
from gpucommons_people.teams.team import Team

from tests.hub.operations import operations
from tests.hub.processes import Program, free_port
from tests.waiting import until

from .cluster import TUNNEL, ClusterWithRights
from .namespaces import Door, Namespace

ADA, BEN = "ada-at-work@example.org", "ben-at-home@example.org"
"""Of nobody else: tests of this folder share one cluster."""
_POD, _ENTRANCE, _OFFICE, _HOME, _NEIGHBOUR = range(1, 6)
"""The networks of the machines."""
_ENTRANCE_ADDRESS = f"10.77.{_ENTRANCE}.2"
_OTHER_PORT = 8443
_OUT_WITHIN_S = 60
_WEB = """
import http.server, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode())
    def log_message(self, *_): pass
for port in map(int, sys.argv[1:]):
    server = http.server.ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever).start()
"""
"""A web server at all addresses, that says who asks."""


class _Process(Program):
    """A program inside a namespace, which is up once it says a word."""

    def __init__(self, command: list[str], word: str, log: Path, env: dict[str, str]) -> None:
        super().__init__(command, "", log, env)
        self._word = word

    def _answers(self) -> bool:
        return self._word in self.text()


class World:
    """The machines, and how one asks another."""

    def __init__(self, stack: ExitStack) -> None:
        self.node, self.pod, self.entrance, self.office, self.home, self.neighbour = (
            stack.enter_context(Namespace()) for _ in range(6)
        )
        self.node.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.node.join(self.pod, "pod", _POD)
        self.node.join(self.entrance, "entrance", _ENTRANCE)
        self.node.join(self.office, "office", _OFFICE)
        self.node.join(self.home, "home", _HOME)
        self.node.join(self.neighbour, "neighbour", _NEIGHBOUR)

    def peers(self) -> list[str]:
        """The keys that are let in."""
        return self.pod.run("wg", "show", "wg0", "peers").split()

    def ask(self, who: Namespace, address: str, port: int = 443, wait_s: int = 2) -> str:
        """What a web server answers; empty if nothing does."""
        command = who.command("curl", "-sm", str(wait_s), f"http://{address}:{port}")
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def world(stack) -> World:
    assert Path("/dev/net/tun").exists(), "This machine has no /dev/net/tun."
    missing = [each for each in ("nft", "wg-quick", "wireguard-go") if not shutil.which(each)]
    assert not missing, f"There is no {missing}: `gpucommons build --tests` installs packages."
    world = World(stack)
    for where, ports in (
        (world.entrance, (80, 443, _OTHER_PORT)),
        # What listens at all addresses of the pod, the node, or a device, is for none of these.
        *((each, (443,)) for each in (world.pod, world.node, world.office, world.home)),
    ):
        _start(stack, subprocess.Popen(where.command(sys.executable, "-c", _WEB, *map(str, ports))))
    for each in (_POD, _ENTRANCE, _OFFICE):
        until(lambda each=each: world.ask(world.neighbour, f"10.77.{each}.2"))
    return world


def _start(stack: ExitStack, process: "subprocess.Popen[bytes]") -> None:
    stack.callback(process.wait)
    stack.callback(process.kill)


@pytest.fixture(scope="module")
def tunnel_keys() -> Keys:
    return new_keys()


@pytest.fixture(scope="module")
def _settings(api: ClusterWithRights, tunnel_keys) -> dict[str, str]:
    said = {
        "endpoint": f"10.77.{_POD}.2:51820",
        "public_key": tunnel_keys.public,
        "addresses": "10.88.0.0/27",
        "entrance": _ENTRANCE_ADDRESS,
    }
    literals = [f"--from-literal={key}={value}" for key, value in said.items()]
    place = ("-n", "gpucommons-private-access")
    api.kubectl("create", "configmap", "private-access", *place, *literals)
    return said


@pytest.fixture(scope="module")
def tunnel(stack, world, api, folder, _settings, tunnel_keys) -> Program:
    """The program of the pod, as its image runs it: by Python alone, with the pod's rights."""
    settings, account = folder / "private-access", folder / "tunnel-account"
    for each in (settings, account):
        each.mkdir()
    for key, value in _settings.items():
        (settings / key).write_text(value)
    (folder / "private-key").write_text(f"{tunnel_keys.private}\n")
    (account / "token").write_text(api.token_of(TUNNEL))
    (account / "ca.crt").write_bytes((folder / "certificates" / "apiserver.crt").read_bytes())
    place = "/run/secrets/kubernetes.io/serviceaccount"
    world.pod.run("mkdir", "-p", place, "/run/wireguard")
    world.pod.run("mount", "--bind", str(account), place)
    stack.callback(Door(world.pod, api.port).close)
    packages = (checkout() / each for each in ("contract", "private_access", "upkeep"))
    module = ("-S", "-m", "gpucommons_private_access")
    command = world.pod.command(sys.executable, *module, str(settings), str(folder / "private-key"))
    environment = {
        "PYTHONPATH": os.pathsep.join(map(str, packages)),
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(api.port),
    }
    program = _Process(command, "devices are let in", folder / "tunnel.log", environment)
    program.start()
    stack.callback(program.stop)
    return program


@pytest.fixture
def configuration(configuration):
    return configuration.model_copy(update={"private_access": True})


def _remove(configuration, user: str) -> None:
    """Remove somebody while the hub is away, which must keep nobody in."""
    token = configuration.audit_log.with_name("token")
    token.write_text("secret")
    away = HubConfiguration(api_url=f"http://127.0.0.1:{free_port()}/hub/api", token_file=token)
    do = operations(configuration.model_copy(update={"hub": away}), "tester", AT_ONCE)
    with pytest.raises(PeopleError, match="can no longer sign in"):
        do(lambda people: people.remove_user(user))


@pytest.fixture(scope="module", autouse=True)
def _cluster(dex) -> None:
    """With Dex's kinds, for accounts."""


@pytest.fixture(autouse=True)
def _nobody(do) -> Iterator[None]:
    yield
    do(_end_all)


async def _end_all(people) -> None:
    for each in {peer.user for peer in await people.list_devices()}:
        await people.remove_devices(each)
    for account in await people.list_users():
        await people._installation.dex.delete(account.email)


def _add(do, user: str, keys: Keys | None = None) -> str:
    """Give somebody an account; gives the file that is in the handout."""
    do(lambda people: people.apply_teams([Team(name="vision")]))
    change = do(lambda people: people.add_user(user, ["vision"], keys=keys))
    return _file_in(Path(change.data["handout"]))


def _file_in(handout: Path) -> str:
    return handout.read_text().partition("```ini\n")[2].partition("```")[0]


def _connect(device: Namespace, file: str) -> None:
    """Do as the handout says on Linux."""
    device.run(
        "sh", "-c", "umask 077; mkdir -p /run/etc; cat > /run/etc/gpu-commons.conf", given=file
    )
    device.run("wg-quick", "up", "/run/etc/gpu-commons.conf")


def _disconnect(device: Namespace) -> None:
    device.run("wg-quick", "down", "/run/etc/gpu-commons.conf")


@pytest.fixture
def connect() -> Iterator:
    used = []

    def connect(device: Namespace, file: str) -> None:
        _connect(device, file)
        used.append(device)

    yield connect
    for each in used:
        _disconnect(each)


def test_a_device_comes_in_with_its_handout_and_is_out_once_its_person_was_removed(
    world, tunnel, do, connect, configuration
):
    connect(world.office, _add(do, ADA))
    connect(world.home, _add(do, BEN))
    # The gateway sees the pod, whose policies it is let in by.
    for each in (world.office, world.home):
        assert until(lambda each=each: world.ask(each, _ENTRANCE_ADDRESS)) == f"10.77.{_POD}.2"
    until(lambda: world.ask(world.office, _ENTRANCE_ADDRESS, 80))
    _remove(configuration, ADA)
    until(lambda: len(world.peers()) == 1, _OUT_WITHIN_S, instead=tunnel.tail)
    assert not world.ask(world.office, _ENTRANCE_ADDRESS)
    until(lambda: world.ask(world.home, _ENTRANCE_ADDRESS))


def _address_in(file: str) -> str:
    found = re.search(r"^Address = (.*)/32$", file, re.MULTILINE)
    assert found, file
    return found[1]


def _send_all_through(device: Namespace, tunnel_key: str, *addresses: str) -> None:
    """Have a device do what its file does not say: take and send more than of the entrance."""
    device.run("wg", "set", "gpu-commons", "peer", tunnel_key, "allowed-ips", "0.0.0.0/0")
    for each in addresses:
        device.run("ip", "route", "replace", f"{each}/32", "dev", "gpu-commons")


@pytest.mark.usefixtures("tunnel")
def test_a_device_reaches_the_entrance_and_nothing_else(world, do, connect, tunnel_keys):
    connect(world.office, ada := _add(do, ADA))
    connect(world.home, ben := _add(do, BEN))
    until(lambda: world.ask(world.office, _ENTRANCE_ADDRESS))
    assert not world.ask(world.office, _ENTRANCE_ADDRESS, _OTHER_PORT)
    # All of them listen at all their addresses: the tunnel's own, Ben's device, the node.
    others = ("10.88.0.1", _address_in(ben), f"10.77.{_POD}.1")
    _send_all_through(world.home, tunnel_keys.public, _address_in(ada))
    _send_all_through(world.office, tunnel_keys.public, *others)
    assert [world.ask(world.office, each) for each in others] == ["", "", ""]
    until(lambda: world.ask(world.office, _ENTRANCE_ADDRESS))


def test_who_routes_through_the_pod_reaches_neither_the_tunnel_nor_a_device(
    world, tunnel, do, connect, tunnel_keys
):
    connect(world.office, ada := _add(do, ADA))
    until(lambda: world.ask(world.office, _ENTRANCE_ADDRESS), instead=tunnel.tail)
    _send_all_through(world.office, tunnel_keys.public, f"10.77.{_NEIGHBOUR}.2")
    inside = ("ip", "route", "add", "10.88.0.0/27", "via")
    world.neighbour.run(*inside, f"10.77.{_NEIGHBOUR}.1")
    world.node.run(*inside, f"10.77.{_POD}.2")
    until(lambda: world.ask(world.neighbour, f"10.77.{_POD}.2"))
    assert not world.ask(world.neighbour, "10.88.0.1")
    assert not world.ask(world.neighbour, _address_in(ada))


@pytest.mark.usefixtures("_settings")
def test_of_many_who_come_at_once_no_two_get_the_same_address(do):
    async def all_at_once(people):
        users = [f"person{number}@example.org" for number in range(8)]
        await asyncio.gather(*(people.add_device(each) for each in users))
        return await people.list_devices()

    found = do(all_at_once)
    assert len({each.address for each in found}) == len(found) == 8
