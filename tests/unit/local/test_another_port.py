"""A platform that was made at one port comes up at another."""

import json
import socket

import pytest
from gpucommons_local import preflight
from gpucommons_local.cluster import kubernetes
from gpucommons_local.cluster.kubernetes import moved_ports
from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.instance import Instance


def _objects(port):
    """What the API server made of itself when the platform was first made at a port."""
    https = {"name": "https", "protocol": "TCP"}
    return [
        {"kind": "Service", "spec": {"ports": [{**https, "port": 443, "targetPort": port}]}},
        {
            "kind": "Endpoints",
            "subsets": [{"addresses": [{"ip": "10.213.0.1"}], "ports": [{**https, "port": port}]}],
        },
        {"kind": "EndpointSlice", "ports": [{**https, "port": port}]},
    ]


def test_all_that_says_where_the_api_server_is_says_the_new_port():
    patches = dict(moved_ports(_objects(8003), 9003))
    for each in _objects(9003):
        said = patches[each["kind"].lower()]
        assert said == {key: each[key] for key in said}
        assert set(said) <= {"spec", "subsets", "ports"}


def test_at_the_same_port_or_before_the_api_server_made_them_nothing_is_changed():
    assert list(moved_ports(_objects(8003), 8003)) == []
    bare = [{"kind": "Endpoints"}, {"kind": "EndpointSlice", "ports": None}]
    assert list(moved_ports(bare, 9003)) == []
    assert list(moved_ports([], 9003)) == []


def test_the_cluster_is_asked_and_each_object_patched(monkeypatch):
    given = []

    def kubectl(_instance, *words):
        given.append(words)
        return json.dumps({"kind": "List", "items": _objects(8003)}) if words[0] == "get" else ""

    monkeypatch.setattr(kubernetes, "kubectl", kubectl)
    kubernetes.lead_to_api_server(Instance(port=9000))
    assert [words[:3] for words in given[1:]] == [
        ("patch", "service", "kubernetes"),
        ("patch", "endpoints", "kubernetes"),
        ("patch", "endpointslice", "kubernetes"),
    ]
    assert json.loads(given[3][-1])["ports"][0]["port"] == 9003


@pytest.fixture
def check(monkeypatch, tmp_path):
    """Look whether a platform can come up at a port, on a machine that has all else."""
    monkeypatch.setenv("GPUCOMMONS_STATE", str(tmp_path))
    for each in ("_machine", "_path", "_space"):
        monkeypatch.setattr(preflight, each, lambda *_, **__: [])

    def check(port, mine=()):
        preflight.check(Instance(port=port), cached=True, mine=mine)

    return check


@pytest.fixture
def taken():
    """A port with two free ones after it, which somebody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_another_program_has_is_told_though_the_platform_runs(check, taken):
    with pytest.raises(PlatformError, match=f"Port {taken} on 127.0.0.1 is taken"):
        check(taken, mine=(8000, 8002, 8003))


def test_the_platform_s_own_ports_are_not_in_its_way(check, taken, monkeypatch):
    monkeypatch.setattr(preflight, "_is_free", lambda port: port != taken)
    check(taken, mine=(taken, taken + 2, taken + 3))


@pytest.mark.parametrize(
    ("port", "says"),
    [
        (8001, "Port 8001 is the node's own"),
        (7998, "Port 8001 is the node's own"),
        (0, "There is no port 0"),
        (70000, "There is no port 70000 for the hub; at most 65532"),
        (65533, "at most 65532 is possible"),
    ],
)
def test_a_port_that_cannot_be_is_refused_before_anything_is_started(check, port, says):
    with pytest.raises(PlatformError, match=says):
        check(port)
