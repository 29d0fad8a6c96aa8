"""All checks on a whole cluster: a sound one, and the same with one thing wrong at a time."""

from copy import deepcopy
from dataclasses import replace

import pytest
from gpucommons_config.chart_contradictions import chart_contradictions
from gpucommons_doctor.checks.hub.rights import HUB
from gpucommons_doctor.examination import CHECKS, choose, made
from gpucommons_doctor.finding import State
from gpucommons_doctor.runner import FAULTS, SOUND, UNKNOWN, examine, exit_code
from gpucommons_people.errors import InputError

from . import objects

OF_CLUSTER = tuple(each for each in CHECKS if each.name not in {"dex", "chart-values"})


async def _states(cluster, installation, checks=OF_CLUSTER):
    results = await examine(made(checks, installation, chart_contradictions), cluster, 30.0)
    return {each.check.name: each for each in results}


def _told(result):
    return "\n".join(f"{each.state}: {each.found} {each.advice}" for each in result.findings)


async def test_nothing_is_wrong_with_a_sound_cluster(cluster, installation):
    results = await _states(cluster, installation)
    assert {n: _told(r) for n, r in results.items() if r.state is not State.GOOD} == {}
    assert exit_code(list(results.values())) == SOUND


def _old(played):
    played.version = "v1.29.1"


def _not_ready(played):
    played.objects("/nodes")[0]["status"]["conditions"][0]["status"] = "Unknown"


def _clock_ahead(played):
    played.objects("/leases")[0]["spec"]["renewTime"] = "2026-11-29T10:05:00.000000Z"


def _plugin_away(played):
    for amounts in ("capacity", "allocatable"):
        del played.objects("/nodes")[2]["status"][amounts]["nvidia.com/gpu.shared"]


def _replicas(played):
    played.objects("/nodes")[2]["metadata"]["labels"]["nvidia.com/gpu.replicas"] = "8"


def _product(played):
    played.objects("/nodes")[1]["metadata"]["labels"]["nvidia.com/gpu.product"] = "NVIDIA-H100"


def _tainted(played):
    for node in played.objects("/nodes"):
        node["spec"]["taints"] = [{"key": "site", "value": "other", "effect": "NoSchedule"}]


def _template(played):
    played.objects("/resourceclaimtemplates").clear()


def _device_class(played):
    played.objects("/deviceclasses").clear()


def _runtime_class(played):
    played.objects("/runtimeclasses").clear()


def _no_default(played):
    played.objects("/storageclasses")[0]["metadata"]["annotations"] = {}


def _privileged(played):
    labels = played.objects("/namespaces")[0]["metadata"]["labels"]
    labels["pod-security.kubernetes.io/enforce"] = "privileged"


def _no_kueue(played):
    played.drop("/clusterqueues")


def _no_local_queue(played):
    played.objects("/localqueues").clear()


def _uncovered(played):
    queue = objects.cluster_queue({"nvidia.com/gpu": "8", "nvidia.com/mig-1g.18gb": "7"})
    played.objects("/clusterqueues")[:] = [queue]


def _inactive(played):
    condition = played.objects("/clusterqueues")[0]["status"]["conditions"][0]
    condition["status"] = "False"


def _no_right(played):
    played.denied.add(("create", "pods"))


def _small_quota(played):
    played.objects("/resourcequotas")[0]["spec"]["hard"]["requests.nvidia.com/gpu"] = "0"


def _limited(played):
    played.objects("/limitranges")[:] = [objects.limit_range(max={"memory": "32Gi"})]


def _dead_webhook(played):
    played.objects("/endpointslices")[0] = objects.endpoint_slice(ready=(False,))


def _api_server_elsewhere(played):
    played.objects("/endpointslices")[1] = objects.api_server_slice(16443)


def _of(played, name):
    (found,) = [e for e in played.objects("/deployments") if e["metadata"]["name"] == name]
    return found


def _half_installed(played):
    played.objects("/deployments").remove(_of(played, "idle-culler"))


def _second_hub(played):
    second = deepcopy(_of(played, "hub"))
    second["metadata"]["name"] = "second-hub"
    played.objects("/deployments").append(second)


def _hub_down(played):
    _of(played, "hub")["status"]["availableReplicas"] = 0


def _no_account(played):
    status = _of(played, "proxy")["status"]
    message = 'pods "proxy-1" is forbidden: exceeded quota'
    failure = {"type": "ReplicaFailure", "status": "True", "message": message}
    status.update(availableReplicas=0, conditions=[*status["conditions"], failure])


def _scaled_away(played):
    _of(played, "dex")["spec"]["replicas"] = 0


def _no_snapshot(played):
    notes = played.objects("/persistentvolumeclaims")[0]["metadata"]["annotations"]
    notes["gpucommons.io/mounted-at"] = "2026-11-29T10:31:00Z"
    notes["gpucommons.io/snapshot-last-good"] = "2026-11-01T10:30:00Z"


def _records_lost(played):
    notes = played.objects("/persistentvolumeclaims")[1]["metadata"]["annotations"]
    notes["gpucommons.io/snapshot-error"] = "The Secret workspace-repositories is gone."


def _no_admission_policy(played):
    played.objects("/validatingadmissionpolicybindings").pop()


def _store_down(played):
    _of(played, "backup-store")["status"]["availableReplicas"] = 0


def _no_class_of_folder(played):
    notes = played.objects("/namespaces")[0]["metadata"]["annotations"]
    notes["gpucommons.io/team-folder-class"] = "shared"


def _another_hub(played):
    played.objects("/ingresses")[:] = [objects.hub_ingress("hub.example.com")]


PLANTED = {
    _old: ("kubernetes-version", "v1.29.1"),
    _not_ready: ("nodes", "cpu-1"),
    _clock_ahead: ("clocks", "cpu-1 (300 s ahead)"),
    _plugin_away: ("gpus", "gpu-2"),
    _replicas: ("gpu-shares", "gpu-2 (8)"),
    _product: ("gpus", "NVIDIA-H100"),
    _tainted: ("sizes", "site=other:NoSchedule"),
    _template: ("dra", "vision"),
    _device_class: ("dra", "gpu.nvidia.com"),
    _runtime_class: ("runtime-classes", "whole"),
    _no_default: ("storage", "No StorageClass is the default"),
    _privileged: ("pod-security", "team-vision (enforces privileged)"),
    _no_kueue: ("queue", "clusterqueues"),
    _no_local_queue: ("queue", "vision"),
    _uncovered: ("queue", "nvidia.com/gpu.shared"),
    _inactive: ("queue", "gpucommons"),
    _no_right: ("rights", "create pods in team-vision"),
    _small_quota: ("quota", "Size whole"),
    _limited: ("limit-ranges", "Size whole is refused by a LimitRange of vision"),
    _dead_webhook: ("webhooks", "policy/policy"),
    _api_server_elsewhere: (
        "api-server",
        "the idle culler reach the API server at 192.168.7.1:16443",
    ),
    _half_installed: ("programs", "in part: the idle culler is not there"),
    _second_hub: ("programs", "hub and second-hub are each the hub"),
    _hub_down: ("programs", "The hub does not run"),
    _no_account: ("programs", "exceeded quota"),
    _scaled_away: ("programs", "Dex was scaled to no pod"),
    _no_snapshot: ("snapshots", "team-vision/workspace-ada"),
    _records_lost: ("snapshot-passwords", "team-vision/team"),
    _no_admission_policy: ("snapshot-policies", "gpucommons-backup-claims"),
    _store_down: ("programs", "The store of snapshots does not run"),
    _no_class_of_folder: ("storage", "shared, which team vision (its folder) names"),
    _another_hub: ("hub-address", "its hub is at hub.example.com"),
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda each: each.__name__.strip("_"))
async def test_a_planted_fault_is_found_by_name(plant, played, cluster, installation):
    name, said = PLANTED[plant]
    plant(played)
    results = await _states(cluster, installation)
    faults = [each for each in results[name].findings if each.state is State.FAULT]
    assert any(said in f"{each.found} {each.advice}" for each in faults), _told(results[name])
    assert all(each.advice for each in faults)
    assert exit_code(list(results.values())) == FAULTS


REFUSED = {
    "/nodes": {"kubernetes-version", "nodes", "clocks", "gpus", "gpu-shares", "sizes", "storage"}
    | {"quota"},
    "/leases": {"clocks"},
    "/resourceslices": {"dra"},
    "/runtimeclasses": {"runtime-classes"},
    "/storageclasses": {"storage"},
    "/volumesnapshotclasses": {"storage"},
    "/namespaces": {"dra", "storage", "pod-security", "queue", "rights", "quota", "webhooks"}
    | {"limit-ranges", "snapshot-policies"},
    "/persistentvolumeclaims": {
        "snapshots",
        "snapshot-tidying",
        "snapshot-copies",
        "snapshot-passwords",
    },
    "/validatingadmissionpolicies": {"snapshot-policies"},
    "/limitranges": {"limit-ranges"},
    "/clusterqueues": {"queue"},
    "/subjectaccessreviews": {"rights"},
    "/resourcequotas": {"quota"},
    "/mutatingwebhookconfigurations": {"webhooks"},
    "/endpointslices": {"webhooks", "api-server"},
    "/networkpolicies": {"api-server", "chart-version", "snapshot-policies"},
    "/deployments": {
        "programs",
        "snapshots",
        "snapshot-tidying",
        "snapshot-copies",
        "snapshot-passwords",
    }
    | {"snapshot-policies", "accounting", "accounting-record", "prices"},
    "/ingresses": {"hub-address"},
}


@pytest.mark.parametrize("path", REFUSED)
async def test_what_may_not_be_looked_at_is_unknown_with_the_reason(
    path, played, cluster, installation
):
    played.forbidden.add(path)
    results = await _states(cluster, installation)
    unknown = {name for name, each in results.items() if each.state is State.UNKNOWN}
    assert unknown == REFUSED[path]
    assert all("is forbidden: User" in _told(results[name]) for name in unknown)
    assert exit_code(list(results.values())) == UNKNOWN


async def test_a_refused_part_leaves_the_other_findings(played, cluster, installation):
    played.forbidden.add("/volumesnapshotclasses")
    states = [e.state for e in (await _states(cluster, installation))["storage"].findings]
    assert State.GOOD in states
    assert State.UNKNOWN in states


async def test_a_check_that_gets_no_answer_is_unknown(played, cluster, installation):
    played.hanging.add("/leases")
    (clocks,) = await examine(
        made(choose(["clocks"], []), installation, chart_contradictions), cluster, 0.1
    )
    assert clocks.state is State.UNKNOWN
    assert "no answer" in clocks.findings[0].found


async def test_an_object_that_makes_no_sense_is_unknown_and_named(played, cluster, installation):
    del played.objects("/nodes")[0]["status"]["nodeInfo"]
    result = (await _states(cluster, installation))["kubernetes-version"]
    assert result.state is State.UNKNOWN
    assert "KeyError: 'nodeInfo'" in result.findings[0].found


async def test_a_cluster_that_is_not_there_is_unknown_everywhere(kubeconfig, installation):
    from gpucommons_people.clients.cluster import Cluster

    text = kubeconfig.read_text().split("server: ")
    server = text[1].split("\n", 1)
    kubeconfig.write_text(f"{text[0]}server: http://127.0.0.1:1\n{server[1]}")
    async with Cluster.open(kubeconfig) as nowhere:
        results = await _states(nowhere, installation)
    of_file = results.pop("snapshot-settings")
    assert of_file.state is State.GOOD  # it reads a file alone
    assert {each.state for each in results.values()} == {State.UNKNOWN}


async def test_the_hub_itself_asks_about_its_own_rights(played, cluster, installation):
    played.who = HUB
    played.forbidden.add("/subjectaccessreviews")
    results = await _states(cluster, installation, choose(["rights"], []))
    assert results["rights"].state is State.GOOD
    assert {each["kind"] for each in played.asked} == {"SelfSubjectAccessReview"}


async def test_somebody_else_asks_in_the_hubs_name(played, cluster, installation):
    await _states(cluster, installation, choose(["rights"], []))
    assert {(each["kind"], each["user"]) for each in played.asked} == {("SubjectAccessReview", HUB)}
    assert {
        "verb": "get",
        "namespace": "team-vision",
        "group": "visibility.kueue.x-k8s.io",
        "resource": "localqueues",
        "subresource": "pendingworkloads",
    } in [each["resourceAttributes"] for each in played.asked]


def test_checks_are_chosen_by_name():
    assert [each.name for each in choose(["nodes", "dex"], ["dex"])] == ["nodes"]
    assert choose([], []) == CHECKS
    with pytest.raises(InputError, match=r"no check node\. Checks are kubernetes-version, nodes"):
        choose(["node"], [])
    with pytest.raises(InputError, match="No check is left"):
        choose(["nodes"], ["nodes"])


def test_every_check_is_made_once_and_is_explained(installation):
    assert tuple(type(each) for each in made(CHECKS, installation, chart_contradictions)) == CHECKS
    assert len({each.name for each in CHECKS}) == len(CHECKS)
    assert all(each.question.endswith("?") for each in CHECKS)


def test_a_check_without_a_result_is_not_sound():
    assert exit_code([]) == UNKNOWN


async def test_clocks_are_not_judged_by_an_api_server_that_does_not_note_renewals(
    played, cluster, installation
):
    played.version = "v1.24.17"
    played.objects("/leases")[0]["spec"]["renewTime"] = "2026-12-09T10:00:00.000000Z"
    result = (await _states(cluster, installation))["clocks"]
    assert result.state is State.UNKNOWN


async def test_a_size_that_is_disabled_need_not_fit(played, cluster, installation):
    off = installation.sizes["whole"].model_copy(update={"disabled": "Back on Monday."})
    sizes = {**installation.catalogue.sizes, "whole": off}
    catalogue = installation.catalogue.model_copy(update={"sizes": sizes})
    played.objects("/runtimeclasses").clear()
    results = await _states(cluster, replace(installation, catalogue=catalogue))
    assert results["runtime-classes"].state is State.GOOD
    assert "Size whole" not in _told(results["sizes"])
