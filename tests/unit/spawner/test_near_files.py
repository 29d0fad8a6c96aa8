"""Sessions of a person stay on the node that has their volume, where one node at a time can."""

import pytest
from gpucommons_spawner.pod.workspace import is_on_one_node
from gpucommons_spawner.pod_state.event_words import describe, volume_trouble
from gpucommons_spawner.pod_state.scheduler_words import in_words
from kubernetes_asyncio.client import ApiClient

_NEAR = "requiredDuringSchedulingIgnoredDuringExecution"


@pytest.fixture
def affinity(make_spawner):
    """The affinity of a pod whose files are on a volume of one node, or not."""

    async def affinity(one_node: bool, **settings) -> dict:
        spawner = make_spawner({"size": "cpu"}, **settings)
        await spawner.load_user_options()
        spawner._files_on_one_node = one_node
        pod = await spawner.get_pod_manifest()
        async with ApiClient() as client:
            return client.sanitize_for_serialization(pod.spec.affinity) or {}

    return affinity


async def test_a_volume_of_one_node_keeps_a_person_s_sessions_together(affinity):
    (term,) = (await affinity(True))["podAffinity"][_NEAR]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    labels = {"hub.jupyter.org/username": "ada", "component": "singleuser-server"}
    assert term["labelSelector"] == {"matchLabels": labels}


async def test_a_volume_of_many_nodes_keeps_nobody_anywhere(affinity):
    assert await affinity(False) == {}


@pytest.mark.parametrize(
    "settings",
    [
        {"pod_affinity_required": [{"topologyKey": "zone"}]},
        {"extra_pod_config": {"affinity": {"podAffinity": {_NEAR: [{"topologyKey": "zone"}]}}}},
    ],
)
async def test_what_the_operator_says_of_nearness_goes_on_to_hold(affinity, settings):
    terms = (await affinity(True, **settings))["podAffinity"][_NEAR]
    assert [term["topologyKey"] for term in terms] == ["zone", "kubernetes.io/hostname"]


@pytest.mark.parametrize(
    ("modes", "one"),
    [
        (["ReadWriteOnce"], True),
        (["ReadWriteOncePod"], True),
        (["ReadWriteOnce", "ReadWriteMany"], False),
        (["ReadWriteMany"], False),
    ],
)
def test_the_claim_itself_says_on_how_many_nodes_it_can_be(modes, one):
    assert is_on_one_node(modes) is one


def test_who_cannot_be_where_their_files_are_open_reads_why_and_what_to_do():
    told = in_words(
        "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, 1 node(s) didn't match pod "
        "affinity rules. preemption: 0/2 nodes are available."
    )
    assert "1 of 2 is not the one that has your files open" in told
    assert "Stop that one, or choose a size that its node has room for." in told


def test_a_volume_of_one_session_is_told_as_such():
    told = in_words(
        "0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with the same name "
        "and ReadWriteOncePod access mode."
    )
    assert told.startswith("Your files can be used by one session at a time")


_MULTI_ATTACH = {
    "reason": "FailedAttachVolume",
    "message": 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) x',
}


def test_a_volume_that_is_still_attached_elsewhere_is_told_in_words():
    assert describe(_MULTI_ATTACH).startswith("The volume with your files is still attached")
    events = [_MULTI_ATTACH, {"reason": "Pulled", "message": "x"}]
    assert volume_trouble(events) == describe(_MULTI_ATTACH)
    assert volume_trouble([]) == ""
