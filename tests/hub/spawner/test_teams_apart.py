"""Sessions of different teams on MPS nodes, placed by the real scheduler."""

import json
from collections.abc import Iterator

import pytest
from gpucommons_spawner.pod_state.pod_outcome import judge

from ..kubernetes import KubernetesProgram
from .api_server import ASTRO, VISION
from .test_api_server import GOLDEN


@pytest.fixture(scope="module", autouse=True)
def _scheduler(folder, api, node) -> Iterator[None]:
    """The real scheduler in the place of the node's own."""
    node.runs_pods = False
    label = {"metadata": {"labels": {"kubernetes.io/hostname": "node-1"}}}
    api.patch("/api/v1/nodes/node-1", label)
    scheduler = KubernetesProgram("kube-scheduler", folder, api.kubeconfig)
    scheduler.start()
    yield
    scheduler.stop()
    node.runs_pods = True


@pytest.fixture
def start(api, until) -> Iterator:
    """Make the pod of a share of a GPU; answers it as it is once the scheduler has decided.

    placed: whether it is to come to a node. The scheduler may hear of pods that have just gone
    only after it has looked at this one, and looks again then.
    """
    made = []

    def start(
        team: str, namespace: str, name: str, *, apart: bool = True, placed: bool = True
    ) -> dict:
        pod = json.loads((GOLDEN / "share.json").read_text())
        pod["metadata"] |= {"name": name, "labels": dict(pod["metadata"]["labels"])}
        pod["metadata"]["labels"]["gpucommons.io/team"] = team
        spec = pod["spec"]
        spec["volumes"], spec["containers"][0]["volumeMounts"] = [], []
        spec["nodeSelector"] = {"nvidia.com/gpu.sharing-strategy": "mps"}
        rule = spec["affinity"]["podAntiAffinity"]
        (term,) = rule["requiredDuringSchedulingIgnoredDuringExecution"]
        term["labelSelector"]["matchExpressions"][1]["values"] = [team]
        if not apart:
            del spec["affinity"]
        api.post(f"/api/v1/namespaces/{namespace}/pods", pod)
        made.append(f"/api/v1/namespaces/{namespace}/pods/{name}")
        until(lambda: (_is_placed if placed else _decided)(api, made[-1]))
        return api.get(made[-1])

    yield start
    for path in made:
        api.delete(path)


def _decided(api, path: str) -> bool:
    conditions = api.get(path).get("status", {}).get("conditions", [])
    return any(each["type"] == "PodScheduled" for each in conditions)


def _is_placed(api, path: str) -> bool:
    return _node(api.get(path)) is not None


def _node(pod: dict) -> str | None:
    return pod["spec"].get("nodeName")


def test_sessions_of_one_team_meet_on_a_node(start):
    assert _node(start("vision", VISION, "a")) == "node-1"
    assert _node(start("vision", VISION, "b")) == "node-1"


def test_another_team_is_kept_off_the_node_and_told_why(start):
    assert _node(start("vision", VISION, "a")) == "node-1"
    other = start("astro", ASTRO, "b", placed=False)
    assert _node(other) is None
    assert judge(other).reason == (
        "No node can take this session: 1 of 1 is closed to this size while another team "
        "shares its GPUs."
    )


def test_a_session_that_may_meet_others_does_not_come_beside_one_that_may_not(start):
    assert _node(start("vision", VISION, "a")) == "node-1"
    assert _node(start("astro", ASTRO, "b", apart=False, placed=False)) is None


def test_sessions_that_may_meet_others_meet(start):
    assert _node(start("vision", VISION, "a", apart=False)) == "node-1"
    assert _node(start("astro", ASTRO, "b", apart=False)) == "node-1"
