"""The whole pod of each size, beside the golden manifest that was looked at.

After a wanted change: ``GOLDEN=write pytest tests/unit/spawner/test_manifests.py``,
and read the difference.
"""

import json
import os
from pathlib import Path

import pytest
from gpucommons_spawner import GPUSpawner
from kubernetes_asyncio.client import ApiClient

GOLDEN = Path(__file__).with_name("golden")
CHANGING = ("hub.jupyter.org/kubespawner-version", "hub.jupyter.org/jupyterhub-version")


async def _pod(spawner: GPUSpawner) -> dict:
    await spawner.load_user_options()
    pod = await spawner.get_pod_manifest()
    async with ApiClient() as client:
        return client.sanitize_for_serialization(pod)


def _settled(pod: dict) -> dict:
    """Leave out what differs from release to release."""
    annotations = pod["metadata"]["annotations"]
    for key in (*CHANGING, "gpucommons.io/start"):
        annotations.pop(key)
    (container,) = pod["spec"]["containers"]
    own = ("CUDA", "GPUCOMMONS", "NVIDIA")
    container["env"] = [each for each in container["env"] if each["name"].startswith(own)]
    return pod


@pytest.mark.parametrize("size", ["cpu", "share", "gpu", "gpus"])
async def test_the_pod_of_a_size_is_as_its_golden_manifest(make_spawner, size):
    pod = _settled(await _pod(make_spawner({"size": size})))
    file = GOLDEN / f"{size}.json"
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(json.dumps(pod, indent=2, sort_keys=True) + "\n")
    assert pod == json.loads(file.read_text())


async def test_a_session_without_gpu_is_shown_none_whatever_its_image_says(make_spawner):
    pod = await _pod(make_spawner({"size": "cpu"}))
    variables = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    assert variables["NVIDIA_VISIBLE_DEVICES"] == "void"


async def test_a_session_with_a_gpu_leaves_the_choice_of_device_to_the_plugin(make_spawner):
    for size in ("share", "gpu"):
        pod = await _pod(make_spawner({"size": size}))
        names = {each["name"] for each in pod["spec"]["containers"][0]["env"]}
        assert "NVIDIA_VISIBLE_DEVICES" not in names


async def test_a_shared_gpu_keeps_the_shared_memory_of_the_mps_daemon(make_spawner):
    pod = await _pod(make_spawner({"size": "share"}))
    mounts = pod["spec"]["containers"][0]["volumeMounts"]
    assert [mount["mountPath"] for mount in mounts] == ["/home/jovyan"]


async def test_another_choice_leaves_nothing_of_the_one_before(make_spawner):
    spawner = make_spawner({"size": "gpu"})
    await _pod(spawner)
    spawner.user_options = {"size": "cpu"}
    again = _settled(await _pod(spawner))
    assert again == _settled(await _pod(make_spawner({"size": "cpu"})))


async def test_settings_of_the_operator_are_kept_beside_the_choice(make_spawner):
    spawner = make_spawner(
        {"size": "gpu"},
        node_selector={"zone": "a"},
        tolerations=[{"key": "team", "operator": "Exists"}],
        volumes={"data": {"name": "data", "emptyDir": {}}},
        volume_mounts=[],
    )
    pod = await _pod(spawner)
    assert pod["spec"]["nodeSelector"] == {
        "zone": "a",
        "pool": "training",
        "nvidia.com/gpu.product": "NVIDIA-H200",
    }
    assert [each["key"] for each in pod["spec"]["tolerations"]] == ["team", "nvidia.com/gpu"]
    assert [each["name"] for each in pod["spec"]["volumes"]] == ["data", "shared-memory"]


@pytest.mark.parametrize("name", ["{pod_name}", "a{x", "ends-", "Ü@lab.example"])
async def test_a_user_name_is_written_down_as_it_is(make_spawner, name):
    pod = await _pod(make_spawner({}, name=name))
    assert pod["metadata"]["annotations"]["gpucommons.io/user"] == name


@pytest.mark.parametrize("team", ["vision", "astro"])
async def test_the_team_that_was_chosen_is_on_the_pod(make_spawner, team):
    pod = await _pod(make_spawner({"team": team}, groups=("vision", "astro")))
    assert pod["metadata"]["labels"]["gpucommons.io/team"] == team


async def test_all_servers_of_a_person_have_the_same_workspace(make_spawner):
    first = await _pod(make_spawner({"size": "cpu"}))
    second = await _pod(make_spawner({"size": "gpu"}))
    claims = [pod["spec"]["volumes"][0]["persistentVolumeClaim"] for pod in (first, second)]
    assert claims == [{"claimName": "workspace-ada"}] * 2
