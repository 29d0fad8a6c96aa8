"""What sessions can reach on the network, and who can reach them: the policies, enforced."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from gpucommons_local.instance import KUBERNETES_SERVICE_ADDRESS, NODE_ADDRESS, load

from tests.cluster.connections import (
    OTHER_PORT,
    SESSION_PORT,
    Node,
    Pod,
    becomes,
    listening,
)
from tests.platform import GPUCOMMONS, LocalPlatform

SESSION = {"component": "singleuser-server"}
NODE_SERVICE_PORT = 18080  # of a program on the node that no policy mentions
INTERNET = "203.0.113.10"  # an address for documentation; in these tests the node has it
METADATA = "169.254.169.254"  # where clouds answer with credentials of the machine
HUB_PORT, KUBELET_PORT = 8081, 10250

MakePod = Callable[..., Pod]


@pytest.fixture(scope="module")
def make_pod(platform: LocalPlatform, image: str, namespace: str) -> Iterator[MakePod]:
    made: list[Pod] = []

    def make(name: str, labels: dict[str, str], namespace: str = namespace) -> Pod:
        overrides = {"metadata": {"labels": labels or None}, "spec": listening(image)}
        platform.kubectl(
            *("run", name, "-n", namespace, f"--image={image}", "--restart=Never"),
            f"--overrides={json.dumps(overrides)}",
        )
        pod = Pod(platform, namespace, name)
        made.append(pod)
        ready = "--for=condition=Ready"
        platform.kubectl("wait", f"pod/{name}", "-n", namespace, ready, "--timeout=90s")
        return pod

    yield make
    for pod in made:
        platform.kubectl("delete", "pod", pod.name, "-n", pod.namespace, "--wait=false")


def _session(platform: LocalPlatform, person) -> Pod:
    person.stop_all()
    assert person.start({"environment": "scipy", "size": "cpu"})["ready"]
    query = ("get", "pods", "--all-namespaces", "-l", "gpucommons.io/size", "-o", "json")
    (found,) = [
        each["metadata"]
        for each in json.loads(platform.kubectl(*query))["items"]
        if each["metadata"]["annotations"]["gpucommons.io/user"] == person.username
    ]
    return Pod(platform, found["namespace"], found["name"])


@pytest.fixture(scope="module")
def session(platform, sign_in) -> Iterator[Pod]:
    """A student's session, started by the hub."""
    student = sign_in("student")
    yield _session(platform, student)
    student.stop_all()


@pytest.fixture(scope="module")
def other_team(platform, sign_in) -> Iterator[Pod]:
    """A session of somebody of another team, started by the hub."""
    researcher = sign_in("researcher")
    yield _session(platform, researcher)
    researcher.stop_all()


@pytest.fixture(scope="module")
def colleague(make_pod: MakePod) -> Pod:
    """What counts as another session of the student's team."""
    return make_pod("colleague", SESSION, "team-students")


@pytest.fixture(scope="module")
def unlabelled(make_pod: MakePod) -> Pod:
    """A pod in the team's namespace that is no session."""
    return make_pod("unlabelled", {}, "team-students")


@pytest.fixture(scope="module")
def free(make_pod: MakePod) -> Pod:
    """A pod that no policy is about: what it reaches is there to be reached."""
    return make_pod("free", {})


@pytest.fixture(scope="module")
def node(platform: LocalPlatform) -> Node:
    return Node(platform)


@pytest.fixture(scope="module")
def node_service(platform: LocalPlatform) -> Iterator[None]:
    """A program on the node that listens on its address, on a public one and on the clouds'."""
    inside = [GPUCOMMONS, "exec", "--name", platform.name]
    for address in (INTERNET, METADATA):
        subprocess.run(
            [*inside, "ip", "address", "replace", f"{address}/32", "dev", "lo"], check=True
        )
    command = ["python3", "-m", "http.server", str(NODE_SERVICE_PORT)]
    with subprocess.Popen([*inside, *command], stderr=subprocess.DEVNULL) as server:
        yield
        server.terminate()
    for address in (INTERNET, METADATA):
        subprocess.run([*inside, "ip", "address", "del", f"{address}/32", "dev", "lo"], check=True)


def _kubernetes_port(platform: LocalPlatform) -> int:
    return load(platform.name).api_port


def test_a_session_reaches_the_hub_and_looks_up_names(session: Pod) -> None:
    ask = (
        "import json, sys, urllib.request\n"
        "print(json.load(urllib.request.urlopen(sys.argv[1], timeout=5))['version'])"
    )
    assert session.run(ask, f"http://{NODE_ADDRESS}:{HUB_PORT}/hub/api/")
    look = "import socket; print(socket.gethostbyname('kubernetes.default.svc.cluster.local'))"
    assert session.run(look) == KUBERNETES_SERVICE_ADDRESS


def test_sessions_of_another_team_are_not_reached(
    session: Pod, other_team: Pod, node: Node
) -> None:
    for source, target in ((session, other_team), (other_team, session)):
        assert node.reaches(target.address, SESSION_PORT)
        assert becomes(False, partial(source.reaches, target.address, SESSION_PORT))


def test_sessions_of_the_same_team_are_not_reached(
    session: Pod, colleague: Pod, node: Node
) -> None:
    for source, target in ((session, colleague), (colleague, session)):
        assert becomes(True, partial(node.reaches, target.address, SESSION_PORT))
        assert becomes(False, partial(source.reaches, target.address, SESSION_PORT))


def test_of_the_node_a_session_reaches_hub_and_dns_alone(
    session: Pod, free: Pod, node_service: None
) -> None:
    for port in (NODE_SERVICE_PORT, KUBELET_PORT):
        assert becomes(True, partial(free.reaches, NODE_ADDRESS, port))
        assert becomes(False, partial(session.reaches, NODE_ADDRESS, port))


def test_the_api_server_is_not_reached(platform: LocalPlatform, session: Pod, free: Pod) -> None:
    for address, port in (
        (KUBERNETES_SERVICE_ADDRESS, 443),
        (NODE_ADDRESS, _kubernetes_port(platform)),
    ):
        assert free.reaches(address, port)
        assert becomes(False, partial(session.reaches, address, port))


def test_the_internet_is_reached_and_the_clouds_metadata_is_not(
    session: Pod, unlabelled: Pod, free: Pod, node_service: None
) -> None:
    assert becomes(True, partial(free.reaches, METADATA, NODE_SERVICE_PORT))
    for pod in (session, unlabelled):
        assert becomes(True, partial(pod.reaches, INTERNET, NODE_SERVICE_PORT))
        assert becomes(False, partial(pod.reaches, METADATA, NODE_SERVICE_PORT))


def test_a_session_is_reached_by_the_hub_alone_and_on_its_port_alone(
    make_pod: MakePod, colleague: Pod, free: Pod, node: Node
) -> None:
    assert becomes(True, partial(node.reaches, colleague.address, OTHER_PORT))
    hub = make_pod("policy-hub", {"component": "hub"}, "gpucommons")
    assert becomes(True, partial(hub.reaches, colleague.address, SESSION_PORT))
    assert becomes(False, partial(hub.reaches, colleague.address, OTHER_PORT))
    assert becomes(False, partial(free.reaches, colleague.address, SESSION_PORT))


def test_a_pod_without_a_sessions_label_gets_nothing_in(
    make_pod: MakePod, unlabelled: Pod, session: Pod, free: Pod, node: Node
) -> None:
    hub = make_pod("other-hub", {"component": "hub"}, "gpucommons")
    for port in (SESSION_PORT, OTHER_PORT):
        assert becomes(True, partial(node.reaches, unlabelled.address, port))
        for pod in (hub, session, free):
            assert becomes(False, partial(pod.reaches, unlabelled.address, port))


def test_the_machines_own_firewall_gets_no_rule(session: Pod) -> None:
    for command in (["iptables-save"], ["ipset", "list", "-name"]):
        rules = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "KUBE-" not in rules


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        (("list", "networkpolicies"), True),
        (("watch", "pods"), True),
        (("patch", "networkpolicies"), False),
        (("create", "pods"), False),
        (("patch", "nodes"), False),
        (("list", "services"), False),
        (("get", "secrets"), False),
        (("get", "configmaps"), False),
    ],
)
def test_kube_router_reads_what_policies_are_about_and_nothing_else(
    platform: LocalPlatform, action: tuple[str, str], allowed: bool
) -> None:
    who = "--as=system:serviceaccount:kube-system:kube-router"
    try:
        answer = platform.kubectl("auth", "can-i", *action, "--all-namespaces", who)
    except subprocess.CalledProcessError as error:  # how kubectl says no
        answer = error.stdout
    assert answer.strip() == ("yes" if allowed else "no")


def test_policies_stay_in_force_while_kube_router_is_away_and_after(
    platform: LocalPlatform, make_pod: MakePod, session: Pod, colleague: Pod, node: Node
) -> None:
    blocked = partial(session.reaches, colleague.address, SESSION_PORT)
    assert becomes(False, blocked)
    pid = platform.status()["parts"]["kube-router"]["pid"]
    os.killpg(pid, signal.SIGKILL)
    assert not blocked()

    def is_back() -> bool:
        found = platform.status()["parts"]["kube-router"]
        return found["healthy"] and found["pid"] != pid

    assert becomes(True, is_back, limit=60)
    assert not blocked()
    later = make_pod("later", SESSION, "team-students")
    assert becomes(True, partial(node.reaches, later.address, SESSION_PORT))
    assert becomes(False, partial(session.reaches, later.address, SESSION_PORT))
    assert becomes(False, partial(later.reaches, colleague.address, SESSION_PORT))
