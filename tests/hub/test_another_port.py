"""An API server that comes up at another port than before: its own objects lead to it again."""

import subprocess
from types import SimpleNamespace

import pytest
from gpucommons_local.cluster import kubernetes
from gpucommons_local.machine.programs import program

from tests.waiting import until

from .kubernetes import APIServer

_SERVICE = "/api/v1/namespaces/default/services/kubernetes"
_SLICE = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes"


@pytest.fixture
def api(tmp_path, monkeypatch):
    server = APIServer(tmp_path)

    def kubectl(_instance, *words: str) -> str:
        command = [str(program("kubectl")), "--kubeconfig", str(server.kubeconfig), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    monkeypatch.setattr(kubernetes, "kubectl", kubectl)
    server.start()
    yield server
    server.stop()


def _ports(api: APIServer) -> tuple[int, int]:
    """Where Service and endpoints say that the API server is."""
    (service,), (endpoint,) = api.get(_SERVICE)["spec"]["ports"], api.get(_SLICE)["ports"]
    return service["targetPort"], endpoint["port"]


def _are_made(api: APIServer) -> bool:
    try:
        return _ports(api) == (api.port, api.port)
    except LookupError:
        return False


def test_pods_find_an_api_server_that_moved_after_a_hard_end(api):
    until(lambda: _are_made(api))
    api.move()
    kubernetes.lead_to_api_server(SimpleNamespace(api_port=api.port))
    assert _ports(api) == (api.port, api.port)
