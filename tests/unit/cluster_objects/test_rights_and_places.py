"""Namespaces, accounts, rights and labels of our objects agree, and the charts with them."""

import pytest
from gpucommons_contract import Label
from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_objects import team_objects
from gpucommons_private_access.interface import PORT

from tests.unit.helm_values.charts import FOLDER, read, releases

from .cast import PODS, TUNNEL, objects
from .kustomize import (
    CLUSTER,
    ENVIRONMENTS,
    OPTIONAL,
    identity,
    named,
    of_kind,
    overlay,
    part,
    pod_template,
)
from .pod_security import lacks_for_restricted
from .reachability import matches

_PSS = "pod-security.kubernetes.io/"
_CONTROLLERS = ("Deployment", "DaemonSet")
_WORKLOADS = (*_CONTROLLERS, "CronJob")
_OF_KUBERNETES = {"kube-node-lease"}
"""Namespaces that every cluster has."""
_OF_CLUSTER = {
    "ClusterQueue", "ClusterRole", "ClusterRoleBinding", "Namespace", "ResourceFlavor",
    "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "WorkloadPriorityClass",
}  # fmt: skip
_IN_NO_NAMESPACE = {
    "nodes", "namespaces", "persistentvolumes", "clusterroles", "clusterrolebindings",
    "storageclasses", "runtimeclasses", "priorityclasses", "deviceclasses", "resourceslices",
    "clusterqueues", "resourceflavors", "workloadpriorityclasses", "volumesnapshotclasses",
    "validatingadmissionpolicies", "validatingadmissionpolicybindings", "subjectaccessreviews",
}  # fmt: skip
_GROUPS_OF_CLUSTER = ("constraints.gatekeeper.sh", "templates.gatekeeper.sh")
"""All of whose kinds are in no namespace."""


@pytest.fixture(params=ENVIRONMENTS)
def made(request):
    return objects(request.param)


def test_every_object_is_in_a_namespace_that_is_made(made):
    namespaces = {each["metadata"]["name"] for each in of_kind(made, "Namespace")} | _OF_KUBERNETES
    for each in made:
        namespace = each["metadata"].get("namespace")
        if each["kind"] in _OF_CLUSTER or each["apiVersion"].startswith(_GROUPS_OF_CLUSTER):
            assert namespace is None, identity(each)
        else:
            assert namespace in namespaces, identity(each)


def test_hub_dex_and_operator_are_where_the_charts_are_installed():
    namespaces = {each["metadata"]["name"] for each in of_kind(overlay("prod"), "Namespace")}
    assert {releases()["jupyterhub"].namespace, releases()["dex"].namespace} <= namespaces
    policy = named(overlay("prod"), "NetworkPolicy", "gpucommons-database")["spec"]
    (operator,) = policy["ingress"][2]["from"]
    assert operator["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": releases()["cloudnative-pg"].namespace
    }


def _accounts(made):
    return {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for each in of_kind(made, "ServiceAccount")
    }


def test_rights_are_given_to_accounts_that_are_made(made):
    accounts = _accounts(made)
    for each in (*of_kind(made, "RoleBinding"), *of_kind(made, "ClusterRoleBinding")):
        for subject in each["subjects"]:
            assert subject["kind"] == "ServiceAccount", identity(each)
            assert (subject["namespace"], subject["name"]) in accounts, identity(each)


def test_roles_that_are_bound_are_made_or_kubernetes_own(made):
    roles = {identity(each) for kind in ("Role", "ClusterRole") for each in of_kind(made, kind)}
    for each in (*of_kind(made, "RoleBinding"), *of_kind(made, "ClusterRoleBinding")):
        role, namespace = each["roleRef"], each["metadata"].get("namespace", "")
        place = namespace if role["kind"] == "Role" else ""
        assert role["name"] == "system:discovery" or (role["kind"], place, role["name"]) in roles


def test_pods_run_under_accounts_that_are_made(made):
    accounts = _accounts(made)
    for kind in _WORKLOADS:
        for each in of_kind(made, kind):
            account = pod_template(each)["spec"]["serviceAccountName"]
            assert (each["metadata"]["namespace"], account) in accounts


def test_no_right_is_a_wildcard_or_leads_to_others(made):
    for kind in ("Role", "ClusterRole"):
        for each in of_kind(made, kind):
            for rule in each["rules"]:
                said = [*rule["verbs"], *rule["apiGroups"], *rule["resources"]]
                assert not [word for word in said if "*" in word], identity(each)
                assert not {"escalate", "impersonate"} & set(rule["verbs"])
                assert "bind" not in rule["verbs"] or rule["resourceNames"]
                assert not {"pods/exec", "nodes/proxy"} & set(rule["resources"])
                assert "secrets" not in rule["resources"] or _is_blind(rule)


def test_a_right_in_a_namespace_is_on_what_namespaces_have(made):
    """Of what is in none, Kubernetes takes no notice of it."""
    everywhere = {
        each["roleRef"]["name"]
        for each in of_kind(made, "ClusterRoleBinding")
        if each["roleRef"]["kind"] == "ClusterRole"
    }
    bound = {
        each["roleRef"]["name"]
        for each in of_kind(made, "RoleBinding")
        if each["roleRef"]["kind"] == "ClusterRole"
    } - everywhere
    roles = [each for each in of_kind(made, "ClusterRole") if each["metadata"]["name"] in bound]
    assert {each["metadata"]["name"] for each in roles} == bound
    for each in (*roles, *of_kind(made, "Role")):
        for rule in each["rules"]:
            assert not _IN_NO_NAMESPACE & set(rule["resources"]), identity(each)


def _is_blind(rule):
    """Whether a rule for Secrets lets nobody read one that is not named in it."""
    return bool(rule.get("resourceNames")) or set(rule["verbs"]) <= {"create", "delete"}


# Pod Security


def test_every_namespace_says_what_pods_may_be(made):
    enforced = {
        each["metadata"]["name"]: each["metadata"]["labels"][f"{_PSS}enforce"]
        for each in of_kind(made, "Namespace")
    }
    for name in ("gpucommons-node", "gpucommons-private-access"):
        assert enforced.pop(name) == "privileged"
    assert enforced.pop("dex") == enforced.pop("gpucommons-entrance") == "baseline"
    assert set(enforced.values()) == {"restricted"}


def test_our_pods_may_run_in_their_namespaces(made):
    for kind in ("Deployment", "CronJob"):
        for each in of_kind(made, kind):
            if each["metadata"]["namespace"] != TUNNEL:
                assert lacks_for_restricted(pod_template(each)["spec"]) == []


def test_the_tunnel_s_pod_may_change_its_own_network_and_no_more():
    pod = pod_template(named(part("private-access"), "Deployment", "private-access"))["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["NET_ADMIN"]}
    assert not {"hostNetwork", "hostPID"} & set(pod)
    paths = [each["hostPath"] for each in pod["volumes"] if "hostPath" in each]
    assert paths == [{"path": "/dev/net/tun", "type": "CharDevice"}]
    # That much is out of the ordinary, and known as such.
    assert len(lacks_for_restricted(pod)) == 3


def test_the_tunnel_listens_where_its_service_leads_and_its_network_policy_lets_in():
    made = part("private-access")
    (port,) = named(made, "Service", "private-access")["spec"]["ports"]
    assert (port["protocol"], port["port"]) == ("UDP", PORT)
    (container,) = pod_template(named(made, "Deployment", "private-access"))["spec"]["containers"]
    assert container["ports"] == [{"name": "wireguard", "containerPort": PORT, "protocol": "UDP"}]
    (rule,) = named(made, "NetworkPolicy", "private-access")["spec"]["ingress"]
    assert rule == {"ports": [{"protocol": "UDP", "port": PORT}]}


def test_a_pod_that_may_not_run_is_found():
    pod = part("gpu-processes")
    agent = named(pod, "DaemonSet", "gpu-processes")["spec"]["template"]["spec"]
    assert lacks_for_restricted(agent) == ["hostPID is set"]
    bare = {"containers": [{"name": "a"}], "volumes": [{"name": "v", "hostPath": {}}]}
    assert len(lacks_for_restricted(bare)) == 5


def test_what_runs_restic_has_a_folder_for_temporary_files():
    found = [each for name in OPTIONAL for each in part(name) if each["kind"] in _WORKLOADS]
    pods = [pod_template(each)["spec"] for each in found]
    with_restic = [pod for pod in pods if _mounts(pod).get("/programs")]
    assert len(with_restic) == 3
    for pod in with_restic:
        env = {each["name"]: each.get("value") for each in pod["containers"][0].get("env", ())}
        mount = _mounts(pod)[env.get("TMPDIR", "/tmp")]
        volumes = {each["name"]: each for each in pod["volumes"]}
        assert {"emptyDir", "ephemeral"} & set(volumes[mount["name"]])
        assert not mount.get("readOnly")


def _mounts(pod):
    return {each["mountPath"]: each for each in pod["containers"][0].get("volumeMounts", ())}


# Selectors


def _peers(policy):
    spec = policy["spec"]
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for peer in (*(rule.get("from") or ()), *(rule.get("to") or ())):
            if "ipBlock" not in peer:
                yield peer


def _selected(namespace, selector):
    return [
        pod for pod in PODS.values() if pod.namespace == namespace and matches(selector, pod.labels)
    ]


def test_every_policy_is_about_pods_that_there_are(made):
    for policy in of_kind(made, "NetworkPolicy"):
        found = _selected(policy["metadata"]["namespace"], policy["spec"]["podSelector"])
        assert found, identity(policy)


def test_every_peer_of_a_policy_is_somebody(made):
    everybody = [pod for pod in PODS.values() if not pod.name.startswith("like ")]
    namespaces = {
        each["metadata"]["name"]: each["metadata"]["labels"] for each in of_kind(made, "Namespace")
    }
    for policy in of_kind(made, "NetworkPolicy"):
        for peer in _peers(policy):
            found = [
                pod
                for pod in everybody
                if matches(peer.get("podSelector") or {}, pod.labels)
                and _in_namespace(peer, policy, pod.namespace, namespaces)
            ]
            assert found, (identity(policy), peer)


def _in_namespace(peer, policy, namespace, namespaces):
    if "namespaceSelector" not in peer:
        return namespace == policy["metadata"]["namespace"]
    labels = {**namespaces.get(namespace, {}), "kubernetes.io/metadata.name": namespace}
    return matches(peer["namespaceSelector"], labels)


def test_a_policy_opens_ports_at_which_its_pods_listen(made):
    for policy in of_kind(made, "NetworkPolicy"):
        pods = _selected(policy["metadata"]["namespace"], policy["spec"]["podSelector"])
        ports = {port for pod in pods for port in pod.ports.values()}
        for rule in policy["spec"].get("ingress") or ():
            assert {each["port"] for each in rule.get("ports") or ()} <= ports, identity(policy)


def test_services_and_budgets_select_the_pods_of_their_workload(made):
    for kind in ("Service", "PodDisruptionBudget"):
        for each in of_kind(made, kind):
            selector = each["spec"]["selector"]
            selector = selector if kind != "Service" else {"matchLabels": selector}
            found = _selected(each["metadata"]["namespace"], selector)
            assert [pod.name for pod in found] == [each["metadata"]["name"]]


def test_a_workload_selects_and_spreads_its_own_pods(made):
    for kind in _CONTROLLERS:
        for each in of_kind(made, kind):
            template = each["spec"]["template"]
            labels = template["metadata"]["labels"]
            assert matches(each["spec"]["selector"], labels)
            for spread in template["spec"].get("topologySpreadConstraints") or ():
                assert matches(spread["labelSelector"], labels)


def test_names_are_looked_up_where_teams_look_them_up():
    team = team_objects(Team(name="vision"))
    expected = named(team, "NetworkPolicy", "to-dns")["spec"]["egress"][0]
    everything = overlay("prod")
    for name in ("to-dns", "idle-culler", "doctor", "gpucommons-database"):
        assert expected in named(everything, "NetworkPolicy", name)["spec"]["egress"]


# Queue


def test_teams_queues_lead_to_the_queue_and_are_let_in():
    team = team_objects(Team(name="vision"))
    (local,) = of_kind(team, "LocalQueue")
    queue = named(part("queue"), "ClusterQueue", local["spec"]["clusterQueue"])
    (namespace,) = of_kind(team, "Namespace")
    assert matches(queue["spec"]["namespaceSelector"], namespace["metadata"]["labels"])
    assert not matches(queue["spec"]["namespaceSelector"], {})
    assert str(Label.TEAM) in namespace["metadata"]["labels"]


def test_the_queue_has_nothing_to_give_until_somebody_says_how_much():
    (queue,) = of_kind(part("queue"), "ClusterQueue")
    (group,) = queue["spec"]["resourceGroups"]
    (flavor,) = group["flavors"]
    made = {each["metadata"]["name"] for each in of_kind(part("queue"), "ResourceFlavor")}
    assert flavor["name"] in made
    assert [each["name"] for each in flavor["resources"]] == group["coveredResources"]
    assert {each["nominalQuota"] for each in flavor["resources"]} == {"0"}


def test_the_queue_of_the_local_platform_is_the_same_but_for_its_numbers():
    from gpucommons_local.addons.kueue import queue_objects
    from gpucommons_local.machine.instance import Instance

    flavor, queue = queue_objects(Instance("unit", 18999))
    ours = named(part("queue"), "ClusterQueue", queue["metadata"]["name"])
    assert named(part("queue"), "ResourceFlavor", flavor["metadata"]["name"])
    for each in (queue["spec"], ours["spec"]):
        for resource in each["resourceGroups"][0]["flavors"][0]["resources"]:
            resource["nominalQuota"] = "any"
    assert queue["spec"] == ours["spec"]


# Images


def test_our_images_are_those_of_the_charts_values():
    tag = read(FOLDER / "jupyterhub" / "base.yaml")["hub"]["image"]["tag"]
    images = {
        container["image"]
        for made in (overlay("prod"), *map(part, OPTIONAL))
        for kind in _WORKLOADS
        for each in of_kind(made, kind)
        for container in pod_template(each)["spec"]["containers"]
    }
    ours = ("hub", "node-agent", "backup", "private-access")
    assert images == {f"gpucommons/{each}:{tag}" for each in ours}
    assert not [each for each in (CLUSTER / "overlays").rglob("*.yaml") if tag in each.read_text()]
