"""The whole pod of each size, beside the golden manifest that was looked at.

After a wanted change: ``GOLDEN=write pytest tests/unit/spawner/test_manifests.py``,
and read the difference.
"""

import json
import os
from pathlib import Path

import pytest
from gpucommons_contract import SessionInfo, SessionVariable
from gpucommons_contract.words import ENGLISH, set_language
from gpucommons_spawner import GPUSpawner
from gpucommons_spawner.errors import SpawnRefusedError
from gpucommons_spawner.selection.person import Team
from kubernetes_asyncio.client import ApiClient

from .conftest import CATALOGUE, FULL, VISION, namespace_of

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


def _golden(name: str, pod: dict) -> dict:
    file = GOLDEN / f"{name}.json"
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(json.dumps(pod, indent=2, sort_keys=True) + "\n")
    return json.loads(file.read_text())


@pytest.mark.parametrize("size", ["cpu", "share", "gpu", "gpus"])
async def test_the_pod_of_a_size_is_as_its_golden_manifest(make_spawner, size):
    pod = _settled(await _pod(make_spawner({"size": size})))
    assert pod == _golden(size, pod)


@pytest.mark.parametrize(
    "size", ["cpu", "mps-together", "timeslice", "mig", "mig-single", "hami", "dra"]
)
async def test_the_pod_of_a_gpu_mode_is_as_its_golden_manifest(make_spawner, size):
    spawner = make_spawner({"size": size}, catalogue_file=str(FULL), scheduler_name="usual")
    pod = _settled(await _pod(spawner))
    assert pod == _golden(f"full-{size}", pod)


async def test_a_session_without_gpu_is_shown_none_whatever_its_image_says(make_spawner):
    pod = await _pod(make_spawner({"size": "cpu"}))
    variables = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    assert variables["NVIDIA_VISIBLE_DEVICES"] == "void"


async def test_a_session_with_a_gpu_leaves_the_choice_of_device_to_the_plugin(make_spawner):
    for size in ("share", "gpu"):
        pod = await _pod(make_spawner({"size": size}))
        names = {each["name"] for each in pod["spec"]["containers"][0]["env"]}
        assert "NVIDIA_VISIBLE_DEVICES" not in names


async def test_a_session_is_told_in_words_what_was_picked(make_spawner, teams):
    strange = Team("vision", "{username} sees $(HOME)", "team-vision")
    teams.replace([namespace_of(strange)])
    pod = await _pod(make_spawner({"size": "share"}))
    variables = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    told = variables[SessionVariable.SESSION]
    assert "$(" not in told  # which Kubernetes would replace
    assert SessionInfo(**json.loads(told)) == SessionInfo(
        environment="SciPy",
        version="2026.11",
        size="Share of a GPU",
        team="{username} sees $(HOME)",
    )


@pytest.mark.parametrize(
    ("size", "longest", "warn", "stop"),
    [("timeslice", 8 * 3600, 1800, 3600), ("cpu", None, 1800, None)],
)
async def test_a_session_is_told_how_long_it_lasts(make_spawner, size, longest, warn, stop):
    pod = await _full_pod(make_spawner, size)
    variables = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    told = SessionInfo(**json.loads(variables[SessionVariable.SESSION]))
    assert (told.longest, told.idle_warn_after, told.idle_stop_after) == (longest, warn, stop)


async def test_a_session_is_told_what_the_installation_is_called(make_spawner):
    pod = await _pod(make_spawner({"size": "cpu"}, lab_name="Lab {username} $(HOME) $"))
    variables = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    told = variables[SessionVariable.LAB_NAME]
    assert told == "Lab {username} $$(HOME) $$"  # as Kubernetes wants it written


async def test_a_session_is_told_the_language_of_the_page_that_it_was_started_from(make_spawner):
    spawner = make_spawner({"size": "cpu"})
    try:
        set_language("de")
        pod = await _pod(spawner)
    finally:
        set_language(ENGLISH)
    (container,) = pod["spec"]["containers"]
    variables = {each["name"]: each["value"] for each in container["env"]}
    assert variables[SessionVariable.LANGUAGE] == "de"
    again = make_spawner({"size": "cpu"})
    again.pod_setup.restore(spawner.get_state())
    assert again.language == "de"  # of a session that runs while the hub was restarted


async def test_a_session_with_a_gpu_is_told_where_to_ask_whose_processes_are_on_it(make_spawner):
    url = "http://gpu-processes.gpucommons-node.svc:8890"
    for size, told in (("cpu", None), ("share", url), ("gpu", url)):
        pod = await _pod(make_spawner({"size": size}, gpu_processes_url=url))
        variables = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
        assert variables.get(SessionVariable.GPU_PROCESSES_URL) == told
    pod = await _pod(make_spawner({"size": "gpu"}))
    names = {each["name"] for each in pod["spec"]["containers"][0]["env"]}
    assert SessionVariable.GPU_PROCESSES_URL not in names


async def test_a_session_is_told_where_earlier_files_are(make_spawner):
    url = "http://earlier-files.gpucommons.svc:10106/services/files"
    pod = await _pod(make_spawner({"size": "cpu"}, files_url=url))
    variables = {each["name"]: each["value"] for each in pod["spec"]["containers"][0]["env"]}
    assert variables[SessionVariable.FILES_URL] == url
    pod = await _pod(make_spawner({"size": "cpu"}))
    names = {each["name"] for each in pod["spec"]["containers"][0]["env"]}
    assert SessionVariable.FILES_URL not in names


async def test_a_shared_gpu_keeps_the_shared_memory_of_the_mps_daemon(make_spawner):
    pod = await _pod(make_spawner({"size": "share"}))
    mounts = pod["spec"]["containers"][0]["volumeMounts"]
    assert [mount["mountPath"] for mount in mounts] == ["/home/jovyan"]


async def test_another_choice_leaves_nothing_of_the_one_before(make_spawner):
    spawner = make_spawner({"size": "gpu"})
    await _pod(spawner)
    spawner.clear_state()  # as JupyterHub does before a start
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


async def test_a_pod_says_who_its_names_mean_as_they_are_given_anew(make_spawner, teams):
    again = namespace_of(VISION)
    again["metadata"]["uid"] = "2f0c"
    teams.update("MODIFIED", again)
    notes = (await _pod(make_spawner({"team": "vision"})))["metadata"]["annotations"]
    assert notes["gpucommons.io/user-since"] == "2026-11-02T08:00:00.000001Z"
    assert notes["gpucommons.io/team-uid"] == "2f0c"


async def test_all_servers_of_a_person_have_the_same_workspace(make_spawner):
    first = await _pod(make_spawner({"size": "cpu"}))
    second = await _pod(make_spawner({"size": "gpu"}))
    claims = [pod["spec"]["volumes"][0]["persistentVolumeClaim"] for pod in (first, second)]
    assert claims == [{"claimName": "workspace-ada"}] * 2


async def _full_pod(make_spawner, size, team="vision", **settings) -> dict:
    spawner = make_spawner(
        {"size": size, "team": team},
        groups=("vision", "astro"),
        catalogue_file=str(FULL),
        **settings,
    )
    return await _pod(spawner)


async def test_shares_of_a_gpu_keep_off_nodes_where_another_team_has_some(make_spawner):
    pod = await _pod(make_spawner({"size": "share"}))
    affinity = pod["spec"]["affinity"]["podAntiAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["namespaceSelector"] == {}
    assert term["topologyKey"] == "kubernetes.io/hostname"
    mode, team = term["labelSelector"]["matchExpressions"]
    assert mode == {"key": "gpucommons.io/gpu-mode", "operator": "In", "values": ["mps"]}
    assert team == {"key": "gpucommons.io/team", "operator": "NotIn", "values": ["vision"]}
    labels = pod["metadata"]["labels"]  # what another team's rule reads of this pod
    assert labels["gpucommons.io/gpu-mode"] == "mps"
    assert labels["gpucommons.io/team"] == "vision"


async def test_teams_meet_only_where_the_catalogue_says_so(make_spawner):
    assert "affinity" not in (await _full_pod(make_spawner, "mps-together"))["spec"]


async def test_a_rule_of_the_operator_on_where_pods_go_is_kept(make_spawner):
    own = {"topologyKey": "zone", "labelSelector": {}}
    pod = await _pod(make_spawner({"size": "share"}, pod_anti_affinity_required=[own]))
    terms = pod["spec"]["affinity"]["podAntiAffinity"]
    topologies = [
        term["topologyKey"] for term in terms["requiredDuringSchedulingIgnoredDuringExecution"]
    ]
    assert topologies == ["zone", "kubernetes.io/hostname"]


async def test_shares_need_one_user_id_for_all(make_spawner):
    with pytest.raises(SpawnRefusedError) as raised:
        await _pod(make_spawner({"size": "share"}, uid=lambda _spawner: 1001))
    assert "another user ID for each person" in raised.value.jupyterhub_message
    await _pod(make_spawner({"size": "gpu"}, uid=lambda _spawner: 1001))


async def test_hami_s_scheduler_takes_the_pod_because_it_names_none(make_spawner):
    pod = await _full_pod(make_spawner, "hami", scheduler_name="user-scheduler")
    assert "schedulerName" not in pod["spec"]
    pod = await _full_pod(make_spawner, "mig", scheduler_name="user-scheduler")
    assert pod["spec"]["schedulerName"] == "user-scheduler"


async def test_a_claimed_gpu_comes_beside_cpu_and_memory(make_spawner):
    spec = (await _full_pod(make_spawner, "dra"))["spec"]
    resources = spec["containers"][0]["resources"]
    assert resources["claims"] == [{"name": "gpu"}]
    assert resources["limits"] == {"cpu": 2.0, "memory": 4 * 2**30}
    assert spec["resourceClaims"] == [{"name": "gpu", "resourceClaimTemplateName": "whole-gpu"}]


@pytest.mark.parametrize(
    ("team", "claims"),
    [
        ("vision", {"/data/imagenet": "data-imagenet", "/data/models": "shared-models"}),
        ("astro", {"/data/sky": "data-sky", "/data/models": "shared-models"}),
    ],
)
async def test_a_session_sees_the_data_of_its_team_and_cannot_write(make_spawner, team, claims):
    spec = (await _full_pod(make_spawner, "cpu", team))["spec"]
    volumes = {each["name"]: each.get("persistentVolumeClaim") for each in spec["volumes"]}
    mounts = [
        each for each in spec["containers"][0]["volumeMounts"] if "/data" in each["mountPath"]
    ]
    found = {each["mountPath"]: volumes[each["name"]]["claimName"] for each in mounts}
    assert found == claims
    assert all(each["readOnly"] and volumes[each["name"]]["readOnly"] for each in mounts)


async def test_with_a_queue_every_session_with_a_gpu_waits_in_it_and_no_other(make_spawner):
    for size in ("cpu", "mps-together", "timeslice", "mig", "hami", "dra"):
        spawner = make_spawner({"size": size}, catalogue_file=str(FULL), queue="sessions")
        labels = (await _pod(spawner))["metadata"]["labels"]
        queue = labels.get("kueue.x-k8s.io/queue-name")
        assert queue == (None if size == "cpu" else "sessions")


@pytest.mark.parametrize(
    ("team", "size", "priority"),
    [
        ("vision", "cpu", "low"),
        ("astro", "cpu", "low"),
        ("vision", "mig", "teaching"),
        ("astro", "mig", "urgent"),
    ],
)
async def test_a_session_has_its_size_s_priority_or_else_its_team_s(
    make_spawner, team, size, priority
):
    pod = await _full_pod(make_spawner, size, team)
    assert pod["spec"]["priorityClassName"] == priority
    if size != "cpu":
        queued = await _full_pod(make_spawner, size, team, queue="sessions")
        assert queued["metadata"]["labels"]["kueue.x-k8s.io/priority-class"] == priority
        assert "priorityClassName" not in queued["spec"]


async def test_in_a_queue_a_size_s_priority_is_kueues_and_not_the_schedulers(
    make_spawner, tmp_path
):
    text = FULL.read_text().replace("gpu: {mode: mig,", "priority: urgent\n    gpu: {mode: mig,")
    (tmp_path / "catalogue.yaml").write_text(text)
    settings = {"catalogue_file": str(tmp_path / "catalogue.yaml"), "queue": "sessions"}
    pod = await _pod(make_spawner({"size": "mig"}, **settings))
    assert pod["metadata"]["labels"]["kueue.x-k8s.io/priority-class"] == "urgent"
    assert "priorityClassName" not in pod["spec"]


async def test_a_size_names_the_runtime_of_its_nodes_and_others_keep_the_operator_s(
    make_spawner, tmp_path
):
    file = tmp_path / "catalogue.yaml"
    gpu = "node_selector: {pool: training}"
    file.write_text(CATALOGUE.replace(gpu, f"{gpu}\n    runtime_class: nvidia"))
    usual = {"catalogue_file": str(file), "extra_pod_config": {"runtimeClassName": "usual"}}
    names = {
        size: (await _pod(make_spawner({"size": size}, **usual)))["spec"]["runtimeClassName"]
        for size in ("gpu", "cpu")
    }
    assert names == {"gpu": "nvidia", "cpu": "usual"}
