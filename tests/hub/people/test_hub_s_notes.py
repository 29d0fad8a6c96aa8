"""Of workspaces and nodes the hub may change its own notes, and whether pods may come, alone."""

from collections.abc import Iterator

import pytest
from gpucommons_local.machine.cache import checkout
from gpucommons_people.teams.team import Team

from tests.unit.kubectl import kustomized
from tests.waiting import until

from .cluster import HUB, claim

_CLAIMS = "/api/v1/namespaces/team-noted/persistentvolumeclaims"
_NODES = "/api/v1/nodes/noted"
_NODE = {
    "metadata": {"name": "noted", "labels": {"pool": "a"}, "annotations": {"of-others": "1"}},
    "spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]},
}


@pytest.fixture(scope="module", autouse=True)
def _drain(api) -> Iterator[None]:
    """With the right to drain, for these tests alone."""
    text = kustomized(checkout() / "cluster" / "drain")
    api.kubectl("apply", "--server-side", "-f", "-", given=text)
    api.post("/api/v1/nodes", _NODE)
    # A policy is in force a moment after it was made.
    tried = f"{_NODES}?dryRun=All"
    until(lambda: "nothing of a node" in api.patch_as(HUB, tried, {"metadata": _OTHER_LABELS}))
    yield
    api.kubectl("delete", "node", "noted")
    api.kubectl("delete", "-f", "-", given=text)


@pytest.fixture
def workspace(api, do, request) -> str:
    """Where a workspace is that no other test has."""
    do(lambda people: people.apply_teams([Team(name="noted")]))
    person = f"ada-{request.node.callspec.indices['patch']}"
    api.post(_CLAIMS, claim(f"{person}@example.org"))
    return f"{_CLAIMS}/workspace-{person}"


_OTHER_LABELS = {"labels": {"pool": "b"}}


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ({"spec": {"unschedulable": True}}, ""),
        ({"metadata": {"annotations": {"gpucommons.io/drain": "{}"}}}, ""),
        ({"metadata": {"annotations": {"gpucommons.io/drain-sessions": "{}"}}}, ""),
        ({"spec": {"unschedulable": None}}, ""),
        ({"metadata": {"annotations": {"gpucommons.io/drain": None}}}, ""),
        ({"metadata": _OTHER_LABELS}, "nothing of a node but"),
        ({"spec": {"taints": None}}, "nothing of a node but"),
        ({"metadata": {"annotations": {"of-others": "2"}}}, "two notes of a node"),
        ({"metadata": {"annotations": {"of-others": None}}}, "two notes of a node"),
        ({"metadata": {"annotations": {"more": "1"}}}, "two notes of a node"),
    ],
)
def test_of_a_node_the_hub_says_whether_pods_may_come_and_why(api, patch, says):
    found = api.patch_as(HUB, _NODES, patch)
    assert says in found
    assert bool(says) is bool(found)


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ({"metadata": {"annotations": {"gpucommons.io/mounted-at": "now"}}}, ""),
        ({"metadata": {"annotations": {"hub.jupyter.org/username": "bob"}}}, "one note of"),
        ({"metadata": {"annotations": {"hub.jupyter.org/username": None}}}, "one note of"),
        ({"metadata": {"annotations": {"gpucommons.io/retain-until": "never"}}}, "one note of"),
        ({"metadata": {"labels": {"component": "other"}}}, "nothing of a workspace but a note"),
        ({"metadata": {"finalizers": ["example.org/held"]}}, "nothing of a workspace but a note"),
    ],
)
def test_of_a_workspace_the_hub_notes_since_when_a_session_has_it(api, workspace, patch, says):
    found = api.patch_as(HUB, workspace, patch)
    assert says in found
    assert bool(says) is bool(found)
