"""Who is on a cluster: pods with the labels that they really get, and machines that are no pods.

Labels of our own pods are read from our objects, of sessions from what the spawner makes, of hub
and proxy from z2jh's chart. The others are those that CloudNativePG, cert-manager, Kubernetes' DNS
and Dex's chart put on their pods, and the ports at which they listen:
https://cloudnative-pg.io/documentation/current/networking, https://cert-manager.io/docs/configuration/acme/http01/
"""

import json
from collections.abc import Mapping
from functools import cache

from gpucommons_people.teams.team import Team
from gpucommons_people.teams.team_objects import team_objects
from reference_pages.project import ROOT

from .chart_policies import HUB_LABELS, PROXY_LABELS, PULLER_LABELS, chart_policies
from .kustomize import OPTIONAL, Object, identity, named, of_kind, overlay, part, pod_template
from .reachability import Machine, Network, Pod

_SESSION = json.loads((ROOT / "tests" / "unit" / "spawner" / "golden" / "gpu.json").read_text())
_TEAMS = ("vision", "audio")
OURS, DEX, NODE, ENTRANCE = "gpucommons", "dex", "gpucommons-node", "gpucommons-entrance"
TUNNEL = "gpucommons-private-access"


def objects(environment: str) -> list[Object]:
    """Return all of ours: an environment, all that is optional, and two teams."""
    teams = [each for name in _TEAMS for each in team_objects(Team(name=name))]
    return [*overlay(environment), *_optional(), *teams]


def _optional() -> list[Object]:
    """Return each object once: both entrances contain what they share."""
    found = [each for name in OPTIONAL for each in part(name)]
    return [*{(each["apiVersion"], *identity(each)): each for each in found}.values()]


def _template(kind: str, name: str) -> Object:
    everything = [*overlay("prod"), *_optional()]
    return pod_template(named(everything, kind, name))


def _listens(template: Object) -> dict[str, int]:
    ports = [each for c in template["spec"]["containers"] for each in c.get("ports") or ()]
    return {each["name"]: each["containerPort"] for each in ports}


def _own_pod(kind: str, name: str, namespace: str, address: str) -> Pod:
    template = _template(kind, name)
    return Pod(name, namespace, template["metadata"]["labels"], address, _listens(template))


def _session(name: str, team: str, address: str) -> Pod:
    labels = {**_SESSION["metadata"]["labels"], "gpucommons.io/team": team}
    return Pod(name, f"team-{team}", labels, address, _listens(_SESSION))


def _database(name: str, address: str) -> Pod:
    cluster = named(overlay("prod"), "Cluster", "gpucommons-database")["metadata"]["name"]
    labels = {"cnpg.io/cluster": cluster, "cnpg.io/podRole": "instance"}
    return Pod(name, OURS, labels, address, {"postgresql": 5432, "status": 8000})


_DEX = {"app.kubernetes.io/name": "dex", "app.kubernetes.io/instance": "dex"}
_DEX_PORTS = {"http": 5556, "https": 5554, "grpc": 5557, "telemetry": 5558}
_SOLVER = {"acme.cert-manager.io/http01-solver": "true"}
# Which the Prometheus operator puts on its pods.
_PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
_OPERATOR = {"app.kubernetes.io/name": "cloudnative-pg"}

_SNAPSHOT = {"component": "snapshot"}

_PODS = (
    _session("session", "vision", "10.1.0.1"),
    _session("neighbour", "vision", "10.1.0.2"),
    _session("stranger", "audio", "10.1.0.3"),
    Pod("job of a team", "team-vision", {"app": "something"}, "10.1.0.4", {"http": 80}),
    Pod("snapshot", "team-vision", _SNAPSHOT, "10.1.0.5"),
    Pod("other snapshot", "team-audio", _SNAPSHOT, "10.1.0.6"),
    Pod("hub", OURS, HUB_LABELS, "10.1.1.1", {"http": 8081}),
    Pod("proxy", OURS, PROXY_LABELS, "10.1.1.2", {"http": 8000, "api": 8001}),
    _own_pod("Deployment", "idle-culler", OURS, "10.1.1.3"),
    _database("database", "10.1.1.4"),
    _database("second database", "10.1.1.5"),
    Pod("puller", OURS, PULLER_LABELS, "10.1.1.6"),
    _own_pod("Deployment", "accounting", OURS, "10.1.1.14"),
    _own_pod("CronJob", "doctor", OURS, "10.1.1.9"),
    _own_pod("Deployment", "start-probe", OURS, "10.1.1.15"),
    _own_pod("Deployment", "backup", OURS, "10.1.1.10"),
    _own_pod("Deployment", "backup-store", OURS, "10.1.1.11"),
    _own_pod("Deployment", "earlier-files", OURS, "10.1.1.12"),
    _own_pod("CronJob", "backup-drill", OURS, "10.1.1.13"),
    Pod("solver", OURS, _SOLVER, "10.1.1.7", {"http": 8089}),
    Pod("stray", OURS, {"app": "something"}, "10.1.1.8", {"http": 80}),
    Pod("Dex", DEX, _DEX, "10.1.2.1", _DEX_PORTS),
    Pod("Dex's solver", DEX, _SOLVER, "10.1.2.2", {"http": 8089}),
    _own_pod("DaemonSet", "gpu-processes", NODE, "10.1.3.1"),
    Pod("DNS", "kube-system", {"k8s-app": "kube-dns"}, "10.1.4.1", {"dns": 53}),
    Pod("ingress", "ingress", {"app": "ingress"}, "10.1.5.1", {"https": 8443}),
    # As Envoy Gateway's listens.
    Pod("gateway", ENTRANCE, {"app": "envoy"}, "10.1.5.2", {"http": 10080, "https": 10443}),
    _own_pod("Deployment", "private-access", TUNNEL, "10.1.5.3"),
    Pod("Prometheus", "monitoring", _PROMETHEUS, "10.1.6.1", {"web": 9090}),
    Pod("Pushgateway", "monitoring", {"app": "pushgateway"}, "10.1.6.2", {"http": 9091}),
    Pod("operator", "cnpg-system", _OPERATOR, "10.1.7.1"),
    # Who puts the labels of others on a pod elsewhere is not let in for it.
    Pod("like a session", "default", _SESSION["metadata"]["labels"], "10.1.8.1"),
    Pod("like the hub", "default", HUB_LABELS, "10.1.8.2"),
    Pod("like a snapshot", "default", _SNAPSHOT, "10.1.8.4"),
    Pod("like the proxy", "default", PROXY_LABELS, "10.1.8.3"),
)
_MACHINES = (
    Machine("API server", "192.168.7.1", of_cluster=True),
    Machine("node", "192.168.7.2", of_cluster=True),
    Machine("DNS cache", "169.254.20.10", of_cluster=True),
    Machine("metadata", "169.254.169.254", of_cluster=False),
    Machine("internet", "203.0.113.7", of_cluster=False),
    # Machines in the site's own networks.
    Machine("site", "10.200.0.9", of_cluster=False),
    Machine("site's other network", "172.31.0.9", of_cluster=False),
    Machine("somebody's office", "192.168.44.9", of_cluster=False),
    Machine("carrier's network", "100.64.0.9", of_cluster=False),
)

PODS: Mapping[str, Pod] = {each.name: each for each in _PODS}
EVERYBODY: Mapping[str, Pod | Machine] = {each.name: each for each in (*_PODS, *_MACHINES)}


@cache
def network(environment: str, *, addresses_of_cluster: bool) -> Network:
    """Return the policies of ours, of two teams and of the chart, and the namespaces."""
    every = [*objects(environment), *chart_policies(environment)]
    labels = {
        each["metadata"]["name"]: each["metadata"].get("labels", {})
        for each in of_kind(every, "Namespace")
    }
    for pod in _PODS:
        labels.setdefault(pod.namespace, {})
    # The API server puts this on every namespace.
    named_ = {
        name: {**given, "kubernetes.io/metadata.name": name} for name, given in labels.items()
    }
    policies = tuple(of_kind(every, "NetworkPolicy"))
    return Network(named_, policies, addresses_of_cluster)
