"""What an operator knows from KubeSpawner holds here too: its settings, and hooks of JupyterHub."""

from collections.abc import Iterator

import pytest

from .api_server import VISION
from .spawn_hub import PATIENT, SpawnHub

_SETTINGS = """
from pathlib import Path

def noted(name):
    with Path("hooks.txt").open("a") as file:
        file.write(name + "\\n")

def modify_pod(spawner, pod):
    noted("modify_pod")
    pod.metadata.annotations["example.org/modified"] = spawner.user.name
    return pod

async def after_pod_created(spawner, pod):
    noted(f"after_pod_created {pod['metadata']['name']}")

def pre_spawn(spawner):
    noted("pre_spawn")
    spawner.environment["BY_HOOK"] = spawner.user.name
    spawner.volumes.append({"name": "scratch", "emptyDir": {}})
    spawner.volume_mounts.append({"name": "scratch", "mountPath": "/scratch"})
    spawner.image = "example/of-the-hook:1"

restricted = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
beside = {"image": "example/beside:1", "securityContext": restricted}

c.GPUSpawner.modify_pod_hook = modify_pod
c.GPUSpawner.after_pod_created_hook = after_pod_created
c.GPUSpawner.pre_spawn_hook = pre_spawn
c.GPUSpawner.post_stop_hook = lambda spawner: noted("post_stop")
c.GPUSpawner.auth_state_hook = lambda spawner, state: noted(f"auth_state {state}")

c.GPUSpawner.cmd = ["start-lab"]
c.GPUSpawner.args = ["--debug"]
c.GPUSpawner.default_url = "/lab"
c.KubeSpawner.environment = {"SITE": "north", "OWNER": "{username}"}
c.KubeSpawner.extra_labels = {"example.org/site": "north"}
c.GPUSpawner.extra_annotations = {"example.org/owner": "{username}"}
c.GPUSpawner.extra_pod_config = {"enableServiceLinks": False}
c.GPUSpawner.extra_container_config = {"terminationMessagePolicy": "FallbackToLogsOnError"}
c.GPUSpawner.extra_containers = [{"name": "beside", **beside}]
c.GPUSpawner.init_containers = [{"name": "before", **beside}]
c.GPUSpawner.lifecycle_hooks = {"postStart": {"exec": {"command": ["true"]}}}
c.GPUSpawner.service_account = "lab"
c.GPUSpawner.image_pull_policy = "Always"
c.GPUSpawner.image_pull_secrets = ["registry"]
c.GPUSpawner.node_selector = {"zone": "a"}
c.GPUSpawner.tolerations = [{"key": "lab", "operator": "Exists"}]
c.GPUSpawner.node_affinity_preferred = [
    {"weight": 1, "preference": {"matchExpressions": [{"key": "fast", "operator": "Exists"}]}}
]
c.GPUSpawner.scheduler_name = "packing"
c.GPUSpawner.supplemental_gids = [2000]
c.GPUSpawner.pod_name_template = "lab-{user_server}"
c.GPUSpawner.component_label = "session"
c.GPUSpawner.storage_capacity = "3Gi"
c.GPUSpawner.storage_extra_labels = {"example.org/kept": "yes"}
c.GPUSpawner.delete_pvc = True
c.GPUSpawner.events_enabled = False

c.GPUSpawner.profile_list = [
    {"display_name": "Eight", "slug": "eight", "kubespawner_override": {"image": "example/x:1"}}
]
c.GPUSpawner.image = "example/of-the-operator:1"
c.GPUSpawner.mem_limit = "99G"
c.GPUSpawner.extra_resource_limits = {"nvidia.com/gpu": "9"}
c.KubeSpawner.namespace = "elsewhere"
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory, api, node, mounted_catalogue) -> Iterator[SpawnHub]:
    """A hub with all that z2jh's administrators are used to set."""
    hub = SpawnHub(
        tmp_path_factory.mktemp("settings"),
        mounted_catalogue.path,
        api.kubeconfig,
        node.session_port,
        more=PATIENT + _SETTINGS,
    )
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture(scope="module")
def pod(hub, api) -> Iterator[dict]:
    """The pod of somebody's session."""
    hub.join("nora", "vision")
    assert hub.start_server("nora", {"size": "cpu"}).status_code == 201
    (pod,) = api.pods()
    yield pod
    hub.stop_server("nora")


@pytest.fixture(scope="module")
def container(pod) -> dict:
    return pod["spec"]["containers"][0]


def _variables(container: dict) -> dict[str, str]:
    return {each["name"]: each.get("value") for each in container["env"]}


def test_labels_annotations_and_the_name_are_the_operator_s(pod):
    metadata = pod["metadata"]
    assert metadata["name"] == "lab-nora"
    assert metadata["labels"]["component"] == "session"
    assert metadata["labels"]["example.org/site"] == "north"
    assert metadata["annotations"]["example.org/owner"] == "nora"
    assert metadata["labels"]["gpucommons.io/size"] == "cpu"


def test_what_is_set_of_the_pod_reaches_it(pod):
    spec = pod["spec"]
    assert spec["enableServiceLinks"] is False
    assert spec["serviceAccountName"] == "lab"
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert spec["schedulerName"] == "packing"
    assert spec["nodeSelector"] == {"zone": "a"}
    assert "lab" in {each["key"] for each in spec["tolerations"]}
    preferred = spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert preferred[0]["preference"]["matchExpressions"][0]["key"] == "fast"
    assert spec["securityContext"]["supplementalGroups"] == [2000]


def test_what_is_set_of_the_container_reaches_it(container):
    assert container["args"] == ["start-lab", "--debug"]
    assert container["imagePullPolicy"] == "Always"
    assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
    assert container["lifecycle"]["postStart"]["exec"]["command"] == ["true"]
    variables = _variables(container)
    assert variables["SITE"] == "north"
    assert variables["OWNER"] == "nora"
    assert variables["JUPYTERHUB_DEFAULT_URL"] == "/lab"


def test_containers_beside_and_before_the_session_are_made(pod):
    assert [each["name"] for each in pod["spec"]["containers"]] == ["notebook", "beside"]
    assert [each["name"] for each in pod["spec"]["initContainers"]] == ["before"]


def test_hooks_run_in_their_order_and_what_they_change_reaches_the_pod(hub, pod, container):
    told = hub.log.with_name("hooks.txt").read_text().splitlines()
    assert told == ["auth_state None", "pre_spawn", "modify_pod", "after_pod_created lab-nora"]
    assert pod["metadata"]["annotations"]["example.org/modified"] == "nora"
    assert _variables(container)["BY_HOOK"] == "nora"
    assert "scratch" in {each["name"] for each in pod["spec"]["volumes"]}
    assert "/scratch" in {each["mountPath"] for each in container["volumeMounts"]}


def test_image_amounts_and_namespace_are_the_catalogue_s_and_the_team_s(pod, container):
    assert container["image"] == "example/scipy:2026.11"
    assert container["resources"]["limits"] == {"cpu": "1", "memory": str(2**30)}
    assert pod["metadata"]["namespace"] == VISION


def test_a_profile_of_the_operator_s_list_is_refused(hub):
    answer = hub.start_server("ada", {"profile": "eight"})
    assert answer.status_code == 400
    assert "A profile alone chooses nothing" in answer.json()["message"]


def test_the_workspace_has_what_is_set_of_it(pod, api):
    claim = api.claims(VISION)["workspace-nora"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "3Gi"
    assert claim["metadata"]["labels"]["example.org/kept"] == "yes"


def test_nothing_that_a_hook_added_is_there_twice_after_another_start(hub, api):
    for _ in range(2):
        assert hub.start_server("sam", {"size": "cpu"}).status_code == 201
        (pod,) = (each for each in api.pods() if each["metadata"]["name"] == "lab-sam")
        hub.stop_server("sam")
    names = [each["name"] for each in pod["spec"]["volumes"]]
    assert names.count("scratch") == 1
    assert hub.log.with_name("hooks.txt").read_text().splitlines()[-1] == "post_stop"


def test_delete_pvc_deletes_the_files_of_a_person_who_is_deleted(hub, api):
    hub.join("una", "vision")
    assert hub.start_server("una", {"size": "cpu"}).status_code == 201
    hub.stop_server("una")
    assert "workspace-una" in api.claims(VISION)
    assert hub.api("DELETE", "users/una").status_code == 204
    hub.until(lambda: _gone_or_going(api, "workspace-una"))


def _gone_or_going(api, name: str) -> bool:
    """Nobody takes the finalizer of claims away here: a cluster's controller does."""
    claim = api.claims(VISION).get(name)
    return claim is None or "deletionTimestamp" in claim["metadata"]
