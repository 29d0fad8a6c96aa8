"""What only a real API server can tell: it takes our manifests, and our watch follows it."""

import asyncio
import json
import logging
from pathlib import Path

import pytest
from gpucommons_spawner.catalogue.exports import manifests
from gpucommons_spawner.catalogue.file import load_catalogue
from gpucommons_spawner.kubernetes.refusal import refusal_of
from gpucommons_upkeep.watch import Watch
from kubernetes_asyncio import client, config

from .api_server import VISION

GOLDEN = Path(__file__).parents[2] / "unit" / "spawner" / "golden"
PODS = f"/api/v1/namespaces/{VISION}/pods"


@pytest.fixture(scope="module", autouse=True)
def _priority(api):
    """The PriorityClasses that golden manifests name."""
    for name, value in (("low", -10), ("teaching", 10)):
        made = {"metadata": {"name": name}, "value": value}
        api.post("/apis/scheduling.k8s.io/v1/priorityclasses", made)


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*.json")), ids=lambda file: file.stem)
def test_a_golden_manifest_is_accepted_where_pods_must_be_restricted(api, file):
    accepted = api.post(f"{PODS}?dryRun=All&fieldValidation=Strict", json.loads(file.read_text()))
    assert accepted["spec"]["containers"][0]["securityContext"]["runAsUser"] == 1000


@pytest.fixture
async def core(api):
    await config.load_kube_config(config_file=str(api.kubeconfig))
    async with client.ApiClient() as connection:
        yield client.CoreV1Api(connection)


async def _refused(core, namespace, **changes):
    """Ask for a pod that is refused, and answer what a person and the operator read."""
    pod = json.loads((GOLDEN / "gpu.json").read_text())
    pod["spec"].update(changes)
    with pytest.raises(client.ApiException) as raised:
        await core.create_namespaced_pod(namespace, pod)
    return refusal_of(raised.value, "team Vision")


async def test_a_pod_that_is_not_restricted_is_refused_and_the_operator_told_why(core):
    found = await _refused(core, VISION, hostNetwork=True)
    assert found.reason == "pod-security"
    assert "host namespaces (hostNetwork=true)" in found.log_message
    assert "hostNetwork" not in found.jupyterhub_message


@pytest.mark.parametrize(
    "volume",
    [
        {"nfs": {"server": "nfs.example.org", "path": "/x", "readOnly": True}},
        {"hostPath": {"path": "/x"}},
    ],
)
async def test_shared_data_can_come_by_a_claim_only(core, volume):
    usual = json.loads((GOLDEN / "gpu.json").read_text())["spec"]["volumes"]
    found = await _refused(core, VISION, volumes=[*usual, {"name": "data", **volume}])
    assert found.reason == "pod-security"
    assert "restricted volume types" in found.log_message


_COLLECTIONS = {
    "PersistentVolume": "/api/v1/persistentvolumes",
    "PersistentVolumeClaim": f"/api/v1/namespaces/{VISION}/persistentvolumeclaims",
    "ResourceClaimTemplate": f"/apis/resource.k8s.io/v1/namespaces/{VISION}/resourceclaimtemplates",
}


def test_what_an_administrator_makes_for_a_team_is_accepted(api):
    full = load_catalogue(GOLDEN.with_name("full.yaml"))
    with_folder = full.model_copy(
        update={"data": {**full.data, "sky": full.data["sky"].model_copy(update={"teams": None})}}
    )
    made = manifests(with_folder, "vision")
    assert {each["kind"] for each in made} == _COLLECTIONS.keys()
    for manifest in made:
        api.post(f"{_COLLECTIONS[manifest['kind']]}?dryRun=All&fieldValidation=Strict", manifest)


async def test_a_team_that_is_being_removed_is_named_as_such(core, api):
    leaving = api.add_team("leaving")
    api.delete(f"/api/v1/namespaces/{leaving}")
    for namespace in (leaving, "team-gone"):
        found = await _refused(core, namespace)
        assert found.jupyterhub_message.startswith("The team Vision is being removed")


class _Seen:
    """What a watch found, with a way to wait for more."""

    def __init__(self):
        self.names: set[str] = set()
        self.lists = self.updates = 0
        self._changed = asyncio.Event()

    def replace(self, objects):
        self.lists += 1
        self.names = {each["metadata"]["name"] for each in objects}
        self._changed.set()

    def update(self, kind, changed):
        self.updates += 1
        name = changed["metadata"]["name"]
        (self.names.discard if kind == "DELETED" else self.names.add)(name)
        self._changed.set()

    async def until(self, names):
        async with asyncio.timeout(60):
            while self.names != names or not self.lists:
                await self._changed.wait()
                self._changed.clear()


async def _make(core, name):
    await core.create_namespaced_config_map(VISION, {"metadata": {"name": name}})


async def _following(core, seen):
    watch = Watch(core.list_namespaced_config_map, seen, logging.getLogger(), namespace=VISION)
    return asyncio.create_task(watch.run())


async def test_changes_are_seen_without_another_list(core):
    seen = _Seen()
    task = await _following(core, seen)
    await seen.until(set())
    await _make(core, "one")
    await seen.until({"one"})
    await core.delete_namespaced_config_map("one", VISION)
    await seen.until(set())
    assert seen.lists == 1
    task.cancel()


async def test_a_watch_that_ends_is_taken_up_where_it_was(core, monkeypatch):
    monkeypatch.setattr("gpucommons_upkeep.watch.WATCH_SECONDS", 1)
    seen = _Seen()
    task = await _following(core, seen)
    await seen.until(set())
    await _make(core, "early")
    await seen.until({"early"})
    await asyncio.sleep(2.5)  # two watches have ended meanwhile
    await _make(core, "late")
    await seen.until({"early", "late"})
    assert (seen.lists, seen.updates) == (1, 2)
    for name in ("early", "late"):
        await core.delete_namespaced_config_map(name, VISION)
    task.cancel()


async def test_after_a_failure_everything_is_listed_again(core, caplog):
    seen = _Seen()
    broken = iter(range(2))

    async def broken_twice(**query):
        if query.get("watch") and next(broken, None) is not None:
            raise client.ApiException(status=500, reason="Broken")
        return await core.list_namespaced_config_map(**query)

    watch = Watch(broken_twice, seen, logging.getLogger("watch"), namespace=VISION)
    task = asyncio.create_task(watch.run())
    await seen.until(set())  # the first list; what is made now only another one can show
    await _make(core, "again")
    await seen.until({"again"})
    assert seen.lists > 1
    assert "500 Broken" in caplog.text
    await core.delete_namespaced_config_map("again", VISION)
    task.cancel()
