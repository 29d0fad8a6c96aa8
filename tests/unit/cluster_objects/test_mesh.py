"""In the mesh everybody reaches whom the NetworkPolicies alone let them reach, and nobody else."""

from dataclasses import replace
from functools import cache

import pytest
import yaml

from .cast import DEX, ENTRANCE, OURS, PODS, network
from .kustomize import CLUSTER, made, named, of_kind, overlay, part, pod_template
from .mesh import TUNNEL, Identity, admits, is_strict
from .reachability import Network, Pod
from .test_reachability import is_everybodys

_TEAMS = ("team-vision", "team-audio")
_WITHIN = (OURS, DEX, *_TEAMS)
_OUTSIDE = {"database", "second database"}
"""By a label of their own: mesh/namespaces."""
_OF_OTHERS = {"proxy": "proxy", "hub": "hub"}


@cache
def _policies():
    """The mesh's objects, those of a team for each."""
    of_teams = [
        {**each, "metadata": {**each["metadata"], "namespace": team}}
        for team in _TEAMS
        for each in part("mesh/team")
    ]
    return (*part("mesh"), *of_teams)


@cache
def _meshed() -> Network:
    plain = network("prod", addresses_of_cluster=False)
    return replace(plain, policies=(*plain.policies, *of_kind(_policies(), "NetworkPolicy")))


@cache
def _accounts():
    """The account of each workload of ours, by name."""
    everything = [*overlay("prod"), *part("accounting"), *part("backup")]
    everything += [*part("backup-store"), *part("earlier-files"), *part("probe")]
    workloads = [each for kind in ("Deployment", "CronJob") for each in of_kind(everything, kind)]
    return {
        each["metadata"]["name"]: pod_template(each)["spec"]["serviceAccountName"]
        for each in workloads
    } | _OF_OTHERS


def _identity(pod: Pod) -> Identity:
    return Identity(pod.namespace, _accounts().get(pod.name, "default"))


def _is_member(pod: Pod) -> bool:
    return pod.namespace in _WITHIN and pod.name not in _OUTSIDE


def _reaches(source: Pod, target: Pod, port: int, policies=None) -> bool:
    """Whether a connection to a member comes about: through the tunnel, and by identity."""
    if not (_is_member(source) or source.namespace in {"monitoring", ENTRANCE}):
        return not is_strict(_policies(), target.namespace)
    found = _policies() if policies is None else policies
    return _meshed().allows(source, target, TUNNEL) and admits(
        found, _identity(source), (target.namespace, target.labels), port
    )


_PAIRS = [
    (source, target, port)
    for source in PODS.values()
    for target in PODS.values()
    if source is not target and _is_member(target)
    for port in {*target.ports.values(), 22}
]


def test_the_mesh_lets_through_what_network_policies_do_and_nothing_else():
    plain = network("prod", addresses_of_cluster=False)
    differing = {
        (source.name, target.name, port)
        for source, target, port in _PAIRS
        if not is_everybodys(target.name, port)
        and _reaches(source, target, port) is not plain.allows(source, target, port)
    }
    assert differing == set()


def test_what_is_everybodys_is_reached_through_the_gateway_alone():
    reached = {
        (source.name, target.name, port)
        for source, target, port in _PAIRS
        if is_everybodys(target.name, port) and _reaches(source, target, port)
    }
    assert reached == {
        ("gateway", "proxy", 8000),
        ("gateway", "Dex", 5554),
        ("gateway", "Dex", 5556),
    }


def test_by_identity_alone_sessions_reach_no_other():
    targets = [PODS[name] for name in ("session", "neighbour", "stranger")]
    for name in ("session", "neighbour", "stranger", "job of a team", "snapshot", "gateway"):
        for target in targets:
            identity = _identity(PODS[name])
            assert not admits(_policies(), identity, (target.namespace, target.labels), 8888)


def test_what_policies_of_the_mesh_alone_let_through_is_what_shares_an_identity():
    """A team's pods have one account; NetworkPolicies tell them apart."""
    plain = network("prod", addresses_of_cluster=False)
    more = {
        (source.name, target.name)
        for source, target, port in _PAIRS
        if _is_member(source)
        and admits(_policies(), _identity(source), (target.namespace, target.labels), port)
        and not plain.allows(source, target, port)
    }
    assert {target for _, target in more} == {"hub", "backup-store", "earlier-files"}
    assert {PODS[source].namespace for source, _ in more} == set(_TEAMS)


_RULES = sorted(
    (each["metadata"]["namespace"], each["metadata"]["name"])
    for each in _policies()
    if each["kind"] == "AuthorizationPolicy" and each["metadata"]["name"] != "default-deny"
)


@pytest.mark.parametrize("rule", _RULES, ids="/".join)
def test_each_policy_is_needed(rule):
    less = [
        each
        for each in _policies()
        if each["kind"] != "AuthorizationPolicy"
        or (each["metadata"]["namespace"], each["metadata"]["name"]) != rule
    ]
    lost = [row for row in _PAIRS if _reaches(*row) and not _reaches(*row, less)]
    assert lost


def test_every_tunnel_of_network_policies_is_needed():
    whole, tunnels = _meshed(), of_kind(_policies(), "NetworkPolicy")
    members = [each for each in PODS.values() if _is_member(each)]
    for tunnel in tunnels:
        if tunnel["metadata"]["name"] == "mesh-probes":
            continue
        less = replace(whole, policies=tuple(each for each in whole.policies if each != tunnel))
        assert [
            (source.name, target.name)
            for source in PODS.values()
            for target in members
            if whole.allows(source, target, TUNNEL) and not less.allows(source, target, TUNNEL)
        ], tunnel["metadata"]


@pytest.mark.parametrize("namespace", _WITHIN)
def test_the_kubelets_probes_are_let_through(namespace):
    (probes,) = [
        each["spec"]
        for each in of_kind(_policies(), "NetworkPolicy")
        if each["metadata"] == {
            "name": "mesh-probes",
            "namespace": namespace,
            "labels": {"app.kubernetes.io/part-of": "gpu-commons"},
        }
    ]  # fmt: skip
    assert probes["podSelector"] == {}
    (rule,) = probes["ingress"]
    addresses = {each["ipBlock"]["cidr"] for each in rule["from"]}
    assert "169.254.7.127/32" in addresses
    assert "ports" not in rule


def test_the_proxy_s_account_is_the_one_of_the_guide_and_mounts_no_token():
    account = named(part("mesh"), "ServiceAccount", "proxy")
    assert account["automountServiceAccountToken"] is False
    guide = (CLUSTER.parent / "docs" / "how-to" / "entrance-and-mesh.md").read_text()
    (block,) = (each for each in guide.split("```") if "extraPodSpec" in each)
    said = yaml.safe_load(block.removeprefix("yaml\n"))
    assert said["proxy"]["chp"]["extraPodSpec"]["serviceAccountName"] == "proxy"


def test_the_component_takes_in_namespaces_and_leaves_the_database_out(tmp_path):
    # Kustomize takes no absolute paths.
    (tmp_path / "cluster").symlink_to(CLUSTER)
    folder = tmp_path / "objects"
    folder.mkdir()
    said = {
        "resources": ["../cluster/overlays/prod", "../cluster/mesh"],
        "components": ["../cluster/mesh/namespaces"],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(said))
    found = made(folder)
    labels = {e["metadata"]["name"]: e["metadata"]["labels"] for e in of_kind(found, "Namespace")}
    taken = {name for name, has in labels.items() if has.get("istio.io/dataplane-mode")}
    assert taken == {OURS, DEX}
    assert labels[OURS]["pod-security.kubernetes.io/enforce"] == "restricted"
    database = named(found, "Cluster", "gpucommons-database")["spec"]
    assert database["inheritedMetadata"]["labels"] == {"istio.io/dataplane-mode": "none"}
