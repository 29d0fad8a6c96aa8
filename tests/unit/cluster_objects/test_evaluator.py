"""The evaluator of the reachability table reads policies as Kubernetes defines them."""

import pytest

from .reachability import Machine, Network, Pod, matches

A = Pod("a", "one", {"app": "a"}, "10.0.0.1", {"web": 80})
B = Pod("b", "one", {"app": "b"}, "10.0.0.2", {"web": 8080})
C = Pod("c", "two", {"app": "a"}, "10.0.0.3")
NODE = Machine("node", "10.9.0.1", of_cluster=True)
OUTSIDE = Machine("outside", "203.0.113.1", of_cluster=False)
NAMESPACES = {"one": {"team": "x"}, "two": {}}


def _policy(selector=None, **spec):
    return {
        "metadata": {"name": "p", "namespace": "one"},
        "spec": {"podSelector": selector or {}, **spec},
    }


def _network(*policies, addresses=True):
    return Network(NAMESPACES, policies, addresses)


def test_without_a_policy_everything_is_open():
    assert _network().allows(C, A, 80)
    assert _network().allows(OUTSIDE, A, 1)


def test_a_policy_without_rules_closes_the_ways_that_it_names():
    closed_in = _network(_policy(policyTypes=["Ingress"]))
    assert not closed_in.allows(C, A, 80)
    assert closed_in.allows(A, C, 80)
    closed_out = _network(_policy(policyTypes=["Egress"]))
    assert not closed_out.allows(A, C, 80)
    assert closed_out.allows(C, A, 80)


def test_the_ways_are_ingress_and_where_there_are_rules_egress_if_none_are_named():
    assert not _network(_policy()).allows(C, A, 80)
    assert _network(_policy()).allows(A, C, 80)
    assert not _network(_policy(egress=[])).allows(A, C, 80)


def test_policies_add_up():
    deny = _policy(policyTypes=["Ingress"])
    let = _policy({"matchLabels": {"app": "a"}}, ingress=[{"from": [{"podSelector": {}}]}])
    assert _network(deny, let).allows(B, A, 80)
    assert not _network(deny, let).allows(A, B, 80)
    assert not _network(deny, let).allows(C, A, 80)  # a podSelector alone means its own namespace


def test_a_rule_without_peers_or_ports_means_all_of_them():
    assert _network(_policy(ingress=[{}])).allows(OUTSIDE, A, 9, "UDP")
    assert _network(_policy(ingress=[{"from": []}])).allows(C, A, 80)


def test_a_peer_is_of_the_namespaces_that_its_selector_takes():
    def among(selector):
        return _network(_policy(ingress=[{"from": [{"namespaceSelector": selector}]}]))

    assert among({}).allows(C, A, 80)
    assert not among({"matchLabels": {"team": "x"}}).allows(C, A, 80)
    assert among({"matchLabels": {"team": "x"}}).allows(B, A, 80)
    both = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "a"}}}
    assert _network(_policy(ingress=[{"from": [both]}])).allows(C, A, 80)
    assert not _network(_policy(ingress=[{"from": [both]}])).allows(B, A, 80)


def test_an_address_is_in_a_block_but_for_its_exceptions():
    block = {"cidr": "203.0.113.0/24", "except": ["203.0.113.128/25"]}
    let = _network(_policy(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": block}]}]))
    assert let.allows(A, OUTSIDE, 80)
    assert not let.allows(A, Machine("other", "203.0.113.200", of_cluster=False), 80)


@pytest.mark.parametrize("addresses", [True, False])
def test_whether_a_block_holds_for_pods_and_nodes_is_the_networks_to_say(addresses):
    block = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}
    let = _network(_policy(policyTypes=["Egress"], egress=[block]), addresses=addresses)
    assert let.allows(A, NODE, 443) is addresses
    assert let.allows(A, C, 443) is addresses
    assert let.allows(A, Machine("site", "10.200.0.1", of_cluster=False), 443)


def test_a_port_is_a_number_a_name_of_the_target_or_a_range():
    def at(**port):
        return _network(_policy(ingress=[{"ports": [port]}]))

    assert at(port=80).allows(C, A, 80)
    assert not at(port=80).allows(C, A, 81)
    assert not at(port=80).allows(C, A, 80, "UDP")
    assert at(port="web").allows(C, A, 80)
    assert at(port="web").allows(C, B, 8080)
    assert not at(port="web").allows(C, B, 80)
    assert at(port=80, endPort=90).allows(C, A, 85)
    assert not at(port=80, endPort=90).allows(C, A, 91)
    assert at(protocol="UDP").allows(C, A, 5, "UDP")


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        ({"key": "app", "operator": "In", "values": ["a", "b"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "other", "operator": "NotIn", "values": ["a"]}, True),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "app", "operator": "DoesNotExist"}, False),
    ],
)
def test_expressions_of_selectors(expression, taken):
    assert matches({"matchExpressions": [expression]}, {"app": "a"}) is taken


def test_an_operator_that_does_not_exist_is_no_answer():
    with pytest.raises(ValueError, match="no operator"):
        matches({"matchExpressions": [{"key": "a", "operator": "Gt"}]}, {})
