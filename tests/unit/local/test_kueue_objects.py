"""What the platform leaves of Kueue's own objects, and the queue that it makes."""

import yaml
from gpucommons_local.addons.kueue import adjusted, queue_objects
from gpucommons_local.machine.instance import Instance

CONFIG = "controller_manager_config.yaml"
UPSTREAM = {
    "leaderElection": {"leaderElect": True},
    "controller": {"groupKindConcurrency": {"Pod": 5}},
    "integrations": {"frameworks": ["batch/job", "pod"]},
}


def _webhook(name, kind):
    return {"name": name, "rules": [{"resources": [kind]}], "failurePolicy": "Fail"}


def _upstream():
    names = (
        ("pod", "pods"),
        ("job", "jobs"),
        ("workload", "workloads"),
        ("deployment", "deployments"),
    )
    container = {"name": "manager", "image": "example/kueue", "resources": {}, "readinessProbe": {}}
    template = {"metadata": {}, "spec": {"containers": [container]}}
    return [
        {"kind": "ConfigMap", "data": {CONFIG: yaml.safe_dump(UPSTREAM)}},
        {"kind": "Deployment", "spec": {"replicas": 1, "template": template}},
        {
            "kind": "MutatingWebhookConfiguration",
            "webhooks": [_webhook(*each) for each in names],
        },
    ]


def test_kueue_is_asked_about_its_own_kinds_and_queued_pods_of_teams_alone():
    webhooks = {each["name"]: each for each in adjusted(_upstream(), "image")[2]["webhooks"]}
    assert set(webhooks) == {"pod", "workload"}
    asked = {
        selector: webhooks["pod"][selector]["matchExpressions"][0]["key"]
        for selector in ("namespaceSelector", "objectSelector")
    }
    assert asked == {
        "namespaceSelector": "gpucommons.io/team",
        "objectSelector": "kueue.x-k8s.io/queue-name",
    }


def test_kueue_counts_neither_cpu_nor_memory_and_manages_pods_that_ask_for_it():
    settings = yaml.safe_load(adjusted(_upstream(), "image")[0]["data"][CONFIG])
    assert settings["integrations"] == {"frameworks": ["pod"]}
    assert settings["manageJobsWithoutQueueName"] is False
    assert {"cpu", "memory"} < set(settings["resources"]["excludeResourcePrefixes"])


def test_a_new_configuration_makes_a_new_controller():
    changed = _upstream()
    changed[0]["data"][CONFIG] = yaml.safe_dump({**UPSTREAM, "metrics": {}})
    pods = [adjusted(each, "image")[1]["spec"]["template"] for each in (_upstream(), changed)]
    assert pods[0]["metadata"]["annotations"] != pods[1]["metadata"]["annotations"]
    assert pods[0]["spec"]["containers"][0]["image"] == "image"


def test_the_queue_has_what_the_node_has():
    queue = queue_objects(Instance("unit", 18999))[1]
    (group,) = queue["spec"]["resourceGroups"]
    quotas = {each["name"]: each["nominalQuota"] for each in group["flavors"][0]["resources"]}
    assert quotas == {"nvidia.com/gpu": 2, "nvidia.com/gpu.shared": 8}
