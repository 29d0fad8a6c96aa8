"""The hub with our spawner while the API server goes wrong: nothing ends, nothing is lost.

One fault of each kind; tests/hub/lifecycle plays all of them, in any order, without a real hub.
"""

from collections.abc import Iterator

import pytest
import yaml

from tests.hub.spawner.api_server import ClusterWithTeams
from tests.hub.spawner.conftest import CATALOGUE
from tests.hub.spawner.node import Node
from tests.hub.spawner.spawn_hub import SpawnHub

from .fault import Fault

GPU = {"environment": "scipy", "size": "gpu"}
CPU = {"environment": "scipy", "size": "cpu"}
_LIMIT_S = 120
_AT_THE_START = (Fault.ERROR, Fault.FORBIDDEN, Fault.EMPTY, Fault.HALF, Fault.REFUSED)
_MEANWHILE = (Fault.BUSY, Fault.SILENCE, Fault.OLD)


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Iterator[ClusterWithTeams]:
    api = ClusterWithTeams(tmp_path_factory.mktemp("api"))
    api.start()
    yield api
    api.stop()


@pytest.fixture(scope="module")
def node(api) -> Iterator[Node]:
    node = Node(api, gpus=2, shares=4)
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def started_hub(tmp_path_factory, api, node, started_proxy) -> Iterator[SpawnHub]:
    folder = tmp_path_factory.mktemp("hub")
    settings = api.kubeconfig_with(api.token)
    settings["clusters"][0]["cluster"]["server"] = started_proxy.url
    (folder / "kubeconfig").write_text(yaml.safe_dump(settings))
    hub = SpawnHub(folder, CATALOGUE, folder / "kubeconfig", node.session_port)
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def hub(started_hub, api, proxy) -> Iterator[SpawnHub]:
    """The hub; nothing runs before a test, and nothing after it."""
    yield started_hub
    proxy.heal()
    for name in ("rosa", "ruth", "sam"):
        started_hub.until(lambda name=name: _stopped(started_hub, name), _LIMIT_S)
    for pod in api.pods():
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
        api.delete(path)
    started_hub.until(lambda: not api.pods())


def _stopped(hub, name) -> bool:
    if hub.api("GET", f"users/{name}").status_code == 404:
        return True
    hub.api("DELETE", f"users/{name}/server")
    return not hub.servers(name)


def _started(hub, api, name, options) -> str:
    """The uid of the pod of a session that is up. What the fault before left is over soon."""
    hub.until(lambda: hub.start_server(name, options).status_code in (201, 202), _LIMIT_S)
    hub.until(lambda: _ready(hub, name), _LIMIT_S)
    pod = _pod_of(api, name)
    assert pod is not None
    return pod


def _pod_of(api, name) -> str | None:
    """The uid of somebody's pod that runs and is not about to go."""
    pods = [pod for pod in api.pods() if f"-{name}" in pod["metadata"]["name"]]
    return next(
        (
            pod["metadata"]["uid"]
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp") and pod["status"]["phase"] == "Running"
        ),
        None,
    )


def _ready(hub, name) -> bool:
    return bool(hub.servers(name).get("", {}).get("ready"))


@pytest.mark.parametrize("fault", _AT_THE_START)
def test_a_session_lives_on_while_the_hub_starts_and_can_be_stopped_afterwards(
    hub, api, proxy, fault
):
    pod = _started(hub, api, "rosa", GPU)
    hub.kill()
    proxy.play(fault)
    hub.start()
    hub.until(lambda: proxy.played, _LIMIT_S)
    assert _pod_of(api, "rosa") == pod
    proxy.heal()
    hub.until(lambda: _ready(hub, "rosa"), _LIMIT_S)
    assert _pod_of(api, "rosa") == pod
    assert hub.availability("rosa", "other")["gpus"] == "1"
    hub.until(lambda: _stopped(hub, "rosa"), _LIMIT_S)
    hub.until(lambda: not api.pods(), _LIMIT_S)


@pytest.mark.parametrize("fault", _MEANWHILE)
def test_what_is_started_and_stopped_meanwhile_is_there_or_gone_in_the_end(hub, api, proxy, fault):
    _started(hub, api, "rosa", GPU)
    kept = _started(hub, api, "ruth", CPU)
    proxy.play(fault)
    hub.api("DELETE", "users/rosa/server")
    hub.start_server("sam", CPU)
    proxy.heal()
    hub.until(lambda: _stopped(hub, "rosa"), _LIMIT_S)
    hub.until(lambda: _as_the_hub_says(hub, api, "rosa"), _LIMIT_S)
    hub.until(lambda: _as_the_hub_says(hub, api, "sam"), _LIMIT_S)
    assert _pod_of(api, "ruth") == kept
    assert _ready(hub, "ruth")
    hub.until(lambda: _stopped(hub, "sam"), _LIMIT_S)


def _as_the_hub_says(hub, api, name) -> bool:
    """Whether a session is there if the hub says so, and nothing of it if not."""
    pods = [pod for pod in api.pods() if f"-{name}" in pod["metadata"]["name"]]
    servers = hub.servers(name)
    return bool(pods and _ready(hub, name)) if servers else not pods
