"""Who may reach whom on a cluster: the policies of ours, of teams and of z2jh's chart together."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from .cast import EVERYBODY, PODS, network
from .kustomize import ENVIRONMENTS
from .reachability import Pod


def _of_others(pod: Pod) -> Iterable[int]:
    """Ports that a snapshot may not reach; what runs at 443 may be a store."""
    is_store = pod.name == "backup-store"
    return () if is_store else (each for each in pod.ports.values() if each != 53)


_YES = [
    # People's work.
    ("ingress", "proxy", 8000),
    ("gateway", "proxy", 8000),
    ("proxy", "hub", 8081),
    ("proxy", "session", 8888),
    ("proxy", "stranger", 8888),
    ("session", "hub", 8081),
    ("session", "DNS", 53),
    ("session", "internet", 443),
    ("session", "gpu-processes", 8890),
    # The hub's.
    ("hub", "proxy", 8001),
    ("hub", "session", 8888),
    ("hub", "database", 5432),
    ("hub", "idle-culler", 10101),
    ("hub", "API server", 6443),
    *(("hub", each, port) for each, port in (("ingress", 8443), ("gateway", 10443))),  # Dex
    ("hub", "internet", 443),
    ("hub", "DNS", 53),
    # The idle culler's.
    ("proxy", "idle-culler", 10101),
    ("idle-culler", "hub", 8081),
    ("idle-culler", "session", 8888),
    ("idle-culler", "database", 5432),
    ("idle-culler", "API server", 6443),
    ("idle-culler", "node", 10250),
    ("idle-culler", "Prometheus", 9090),
    ("idle-culler", "internet", 587),
    ("idle-culler", "site", 5432),  # a database of the installation's own
    ("idle-culler", "DNS", 53),
    ("Prometheus", "idle-culler", 10101),
    # Accounting's.
    *((each, "accounting", 10109) for each in ("hub", "proxy", "Prometheus")),
    ("accounting", "hub", 8081),
    ("accounting", "session", 8888),
    ("accounting", "Prometheus", 9090),
    ("accounting", "database", 5432),
    ("accounting", "API server", 6443),
    ("accounting", "internet", 587),
    ("accounting", "site", 5432),  # a database of the installation's own
    ("accounting", "DNS", 53),
    # The doctor's.
    ("doctor", "API server", 6443),
    *(("doctor", each, port) for each, port in (("ingress", 8443), ("gateway", 10443))),  # Dex
    ("doctor", "internet", 443),  # Dex elsewhere
    ("doctor", "Pushgateway", 9091),
    ("doctor", "DNS", 53),
    # The start probe's: hub and Dex, as people have them.
    *(("start-probe", each, port) for each, port in (("ingress", 8443), ("gateway", 10443))),
    ("start-probe", "internet", 443),
    ("start-probe", "DNS", 53),
    ("Prometheus", "start-probe", 10111),
    # Snapshots.
    ("snapshot", "backup-store", 8000),
    ("snapshot", "backup-store", 8001),
    ("snapshot", "internet", 443),  # a store elsewhere
    ("snapshot", "DNS", 53),
    *((each, "earlier-files", 10106) for each in ("session", "hub", "proxy", "backup")),
    ("earlier-files", "hub", 8081),
    ("earlier-files", "backup-store", 8000),
    ("earlier-files", "internet", 443),  # a store elsewhere
    ("earlier-files", "DNS", 53),
    ("backup", "API server", 6443),
    ("backup", "backup-store", 8000),
    ("backup", "backup-store", 8001),
    ("backup-drill", "backup-store", 8000),
    ("backup-drill", "internet", 443),  # a second store
    ("backup-drill", "DNS", 53),
    ("Prometheus", "backup", 10105),
    ("Prometheus", "hub", 8081),
    # What runs beside them.
    ("database", "second database", 5432),
    ("second database", "database", 8000),
    ("operator", "database", 8000),
    ("database", "API server", 6443),
    ("database", "DNS", 53),
    ("internet", "solver", 8089),
    ("ingress", "solver", 8089),
    ("ingress", "Dex's solver", 8089),
    ("ingress", "Dex", 5556),
    ("gateway", "Dex", 5556),
    ("Prometheus", "Dex", 5558),
    ("Dex", "API server", 6443),
    ("Dex", "site", 636),  # a directory
    ("gpu-processes", "API server", 6443),
    # Private access.
    ("private-access", "gateway", 10443),
    ("private-access", "API server", 6443),
]
_YES_BY_ADDRESS = [
    # The node's cache of DNS, where pods are told of it by its address.
    *(
        (each, "DNS cache", 53)
        for each in ("hub", "proxy", "idle-culler", "doctor", "database", "session")
    ),
]
_NO = [
    # A session reaches no other, nobody of ours but the hub's one port, and nothing of the site's.
    ("session", "neighbour", 8888),
    ("session", "stranger", 8888),
    ("session", "hub", 8000),
    ("session", "proxy", 8001),
    ("session", "proxy", 8000),
    ("session", "idle-culler", 10101),
    ("session", "accounting", 10109),
    ("session", "database", 5432),
    ("session", "database", 8000),
    ("session", "solver", 8089),
    ("session", "Dex", 5556),
    ("session", "Dex", 5557),
    ("session", "Dex", 5558),
    ("session", "gpu-processes", 22),
    ("session", "API server", 443),
    ("session", "API server", 6443),
    ("session", "node", 10250),
    ("session", "metadata", 80),
    ("session", "Prometheus", 9090),
    *(("session", each, 22) for each in ("site", "site's other network", "somebody's office")),
    ("session", "carrier's network", 443),
    ("session", "job of a team", 80),
    ("hub", "job of a team", 80),
    ("job of a team", "session", 8888),
    ("job of a team", "hub", 8081),
    ("stray", "accounting", 10109),
    ("ingress", "accounting", 10109),
    ("gateway", "hub", 8081),
    ("gateway", "session", 8888),
    # Nobody enters a session but hub, proxy, culler and accounting, by one port.
    ("gpu-processes", "session", 8888),
    ("database", "session", 8888),
    ("stray", "session", 8888),
    ("ingress", "session", 8888),
    ("internet", "session", 8888),
    ("hub", "session", 22),
    ("like the hub", "session", 8888),
    ("like the proxy", "session", 8888),
    # Nobody enters hub, database or culler but who is above.
    ("ingress", "hub", 8081),
    ("internet", "hub", 8081),
    ("stray", "hub", 8081),
    ("puller", "hub", 8081),
    ("like a session", "hub", 8081),
    ("like the proxy", "hub", 8081),
    ("like the hub", "proxy", 8001),
    ("ingress", "proxy", 8001),
    ("idle-culler", "proxy", 8001),
    ("proxy", "database", 5432),
    ("stray", "database", 5432),
    ("ingress", "database", 5432),
    ("like the hub", "database", 5432),
    ("internet", "idle-culler", 10101),
    ("ingress", "idle-culler", 10101),
    ("stray", "idle-culler", 10101),
    ("ingress", "stray", 80),
    ("ingress", "Dex", 5557),
    ("hub", "Dex", 5557),
    ("ingress", "Dex", 5558),
    ("hub", "gpu-processes", 8890),
    ("like a session", "gpu-processes", 8890),
    # The tunnel leads to the gateway.
    ("private-access", "proxy", 8001),
    ("private-access", "hub", 8081),
    ("private-access", "session", 8888),
    ("private-access", "Dex", 5557),
    ("private-access", "internet", 80),
    # Credentials of a node are nobody's business; what needs nothing, asks nobody.
    *(
        (each, "metadata", 80)
        for each in ("hub", "proxy", "idle-culler", "doctor", "database", "puller")
    ),
    # The doctor asks no part of ours.
    ("doctor", "hub", 8081),
    ("doctor", "proxy", 8001),
    ("doctor", "idle-culler", 10101),
    ("doctor", "database", 5432),
    ("doctor", "session", 8888),
    ("doctor", "Dex", 5557),
    ("doctor", "Prometheus", 9090),
    # The start probe enters where people do.
    ("start-probe", "hub", 8081),
    ("start-probe", "session", 8888),
    ("start-probe", "database", 5432),
    ("start-probe", "API server", 6443),
    *((each, "start-probe", 10111) for each in ("session", "stray", "ingress", "hub")),
    # The store is for snapshots, and these reach nothing else of ours.
    *((each, "backup-store", 8000) for each in ("session", "hub", "stray", "ingress")),
    *((each, "backup-store", 8001) for each in ("session", "job of a team", "like a snapshot")),
    *(("backup-store", each, 443) for each in ("internet", "API server")),
    *(("snapshot", each.name, port) for each in PODS.values() for port in _of_others(each)),
    ("snapshot", "API server", 6443),
    ("snapshot", "site", 22),
    *((each, "earlier-files", 10106) for each in ("stray", "like a session", "ingress")),
    ("earlier-files", "session", 8888),
    ("earlier-files", "database", 5432),
    ("earlier-files", "backup-store", 8001),
    ("backup", "database", 5432),
    *(("backup-drill", each, port) for each, port in (("database", 5432), ("backup-store", 8001))),
    ("backup", "internet", 80),
    ("session", "backup", 10105),
    ("Pushgateway", "hub", 8081),
    ("ingress", "backup", 10105),
    ("proxy", "API server", 6443),
    ("proxy", "site", 443),
    ("proxy", "internet", 443),
    ("puller", "internet", 443),
    ("stray", "internet", 443),
    ("database", "internet", 80),
    ("database", "site", 5432),
    ("solver", "internet", 443),
]


@pytest.fixture(params=ENVIRONMENTS)
def environment(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["as Calico", "as Cilium"])
def whole(request, environment):
    return network(environment, addresses_of_cluster=request.param)


def _protocol(port):
    return "UDP" if port == 53 else "TCP"


def _asked(whole, rows):
    return {
        (source, target, port): whole.allows(
            EVERYBODY[source], EVERYBODY[target], port, _protocol(port)
        )
        for source, target, port in rows
    }


def test_who_must_reach_whom_does(whole):
    assert not [row for row, reached in _asked(whole, _YES).items() if not reached]


def test_names_are_looked_up_at_the_cache_of_the_node_where_addresses_count(environment):
    whole = network(environment, addresses_of_cluster=True)
    assert not [row for row, reached in _asked(whole, _YES_BY_ADDRESS).items() if not reached]


def test_who_must_not_reach_whom_does_not(whole):
    assert not [row for row, reached in _asked(whole, _NO).items() if reached]


def test_among_the_pods_of_the_table_nobody_else_reaches_a_port_that_somebody_listens_at(whole):
    reached = {
        (source.name, target.name, port)
        for source in PODS.values()
        for target in PODS.values()
        for port in target.ports.values()
        if target.namespace in {"gpucommons", "dex", "gpucommons-node", "team-vision", "team-audio"}
        if source is not target and whole.allows(source, target, port)
    }
    beside_the_table = {
        (source, target)
        for source, target, port in reached - set(_YES)
        if not is_everybodys(target, port)
    }
    assert beside_the_table == {
        # the same for the other sessions, database and replicas
        *((each, "gpu-processes") for each in ("neighbour", "stranger")),
        *((each, "hub") for each in ("neighbour", "stranger")),
        *(("hub", each) for each in ("neighbour", "stranger", "second database")),
        *(("proxy", each) for each in ("neighbour",)),
        *(("accounting", each) for each in ("neighbour", "stranger", "second database")),
        *(("idle-culler", each) for each in ("neighbour", "stranger", "second database")),
        ("database", "second database"),
        ("second database", "database"),
        ("operator", "database"),
        ("operator", "second database"),
        ("other snapshot", "backup-store"),
        *((each, "earlier-files") for each in ("neighbour", "stranger")),
        # whoever else is in Prometheus' namespace
        *(
            ("Pushgateway", each)
            for each in ("accounting", "idle-culler", "Dex", "backup", "start-probe")
        ),
    }


def is_everybodys(target, port):
    """Whether NetworkPolicies let everybody in at a port."""
    return (target, port) in {
        ("proxy", 8000),
        ("solver", 8089),
        ("Dex's solver", 8089),
        ("Dex", 5554),
        ("Dex", 5556),
    }


_OURS = sorted(
    (each["metadata"]["namespace"], each["metadata"]["name"])
    for each in network("prod", addresses_of_cluster=True).policies
    if each["metadata"]["namespace"] != "team-audio"  # they are those of the other team
)


@pytest.mark.parametrize("policy", _OURS, ids="/".join)
def test_without_any_one_policy_the_table_does_not_hold(policy):
    changed = []
    for addresses in (True, False):
        whole = network("prod", addresses_of_cluster=addresses)
        kept = tuple(each for each in whole.policies if _name(each) != policy)
        less = replace(whole, policies=kept)
        rows = [*_YES, *_NO, *(_YES_BY_ADDRESS if addresses else ())]
        before, after = _asked(whole, rows), _asked(less, rows)
        changed += [row for row in rows if before[row] is not after[row]]
    assert changed


def _name(policy):
    return (policy["metadata"]["namespace"], policy["metadata"]["name"])
