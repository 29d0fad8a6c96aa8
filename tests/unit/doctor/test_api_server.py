"""Ways to the API server, judged from its endpoints and the policies that are installed."""

import json
import re
from copy import deepcopy

import pytest
import yaml
from gpucommons_doctor.checks.cluster.api_server import PORTS, SPEAKERS, judge_ways, targets_of
from gpucommons_doctor.checks.cluster.egress import Target, lets_out
from gpucommons_doctor.finding import State
from reference_pages.project import ROOT

from . import objects

_AWAY = Target("203.0.113.7", 16443)


def _judged(port, policies=None, address="192.168.7.1"):
    given = objects.network_policies() if policies is None else policies
    targets = targets_of([objects.api_server_slice(port, address)])
    nothing_else = {each.namespace: [] for each in SPEAKERS}
    return judge_ways(targets, {**nothing_else, "gpucommons": given})


def _named(found):
    return {each.found.partition(" reach")[0].split("let")[1].lstrip("s "): each for each in found}


@pytest.mark.parametrize("port", PORTS)
def test_an_api_server_where_policies_expect_it_is_good(port):
    (found,) = _judged(port)
    assert found.state is State.GOOD


def test_a_patch_is_given_for_each_policy_and_mends_it():
    policies = objects.network_policies()
    found = _judged(16443, policies)
    assert len(found) == 3
    for each in found:
        ((name, patch),) = re.findall(
            r"networkpolicy (\S+) --type json --patch '(.*)',", each.advice
        )
        (change,) = json.loads(patch)
        assert (change["op"], change["path"]) == ("add", "/spec/egress/-")
        (policy,) = [p for p in policies if p["metadata"]["name"] == name]
        policy["spec"]["egress"].append(change["value"])
        assert "gpucommons init FOLDER --update --api-port 16443" in each.advice
    (mended,) = _judged(16443, policies)
    assert mended.state is State.GOOD


def test_what_is_let_out_by_address_alone_is_a_warning_because_cilium_does_not_count_it():
    found = _named(_judged(16443))
    assert {who: each.state for who, each in found.items()} == {
        "the hub": State.WARNING,
        "the idle culler": State.FAULT,
        "the doctor": State.FAULT,
    }


def test_a_policy_of_the_sites_own_counts():
    own = objects.network_policies()[0]
    own["metadata"]["name"] = "site"
    own["spec"]["egress"] = [{"ports": [{"port": 16000, "endPort": 17000}]}]
    (found,) = _judged(16443, [*objects.network_policies(), own])
    assert found.state is State.GOOD


def test_before_policies_are_applied_a_port_that_they_do_not_expect_is_a_warning():
    (found,) = _judged(8443, [])
    assert found.state is State.WARNING
    assert "gpucommons init --api-port 8443" in found.advice
    (usual,) = _judged(6443, [])
    assert usual.state is State.GOOD


def test_a_part_that_is_not_installed_is_not_judged():
    policies = [
        each for each in objects.network_policies() if each["metadata"]["name"] != "idle-culler"
    ]
    assert set(_named(_judged(16443, policies))) == {"the hub", "the doctor"}


def test_without_an_endpoint_nothing_is_known():
    (found,) = judge_ways([], {"gpucommons": [], "gpucommons-node": []})
    assert found.state is State.UNKNOWN


def test_each_policy_of_ours_that_expects_the_api_server_is_looked_at():
    expecting = set()
    for file in (ROOT / "cluster").rglob("*.yaml"):
        for each in yaml.safe_load_all(file.read_text()):
            if each and each["kind"] == "NetworkPolicy" and PORTS[1] in _ports_out(each):
                assert set(PORTS) <= _ports_out(each)
                expecting.add(each["metadata"]["name"])
    assert expecting == {each.policy for each in SPEAKERS}


def _ports_out(policy):
    rules = policy["spec"].get("egress") or ()
    return {port["port"] for rule in rules if "to" not in rule for port in rule.get("ports") or ()}


def _policy(**rule):
    return {
        "metadata": {"name": "any"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule] if rule else []},
    }


@pytest.mark.parametrize(
    ("rule", "lets"),
    [
        ({}, False),
        ({"ports": [{"port": 16443}]}, True),
        ({"ports": [{"port": 16443, "protocol": "UDP"}]}, False),
        ({"ports": [{"protocol": "TCP"}]}, True),
        ({"ports": [{"port": "https"}]}, False),
        ({"ports": [{"port": 16000, "endPort": 16442}]}, False),
        ({"to": [{"podSelector": {}}]}, False),
        ({"to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}, True),
        ({"to": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": ["203.0.113.7/32"]}}]}, False),
        ({"to": [{"ipBlock": {"cidr": "2001:db8::/32"}}]}, False),
    ],
)
def test_a_rule_lets_out_as_in_kubernetes(rule, lets):
    assert lets_out([_policy(**rule)], {}, _AWAY, by_address=True) is lets


def test_who_is_selected_by_no_policy_for_the_way_out_is_let_out():
    entering = deepcopy(_policy())
    entering["spec"]["policyTypes"] = ["Ingress"]
    for_others = deepcopy(_policy())
    for_others["spec"]["podSelector"] = {"matchLabels": {"app": "other"}}
    assert lets_out([entering, for_others], {"app": "ours"}, _AWAY, by_address=False)


def test_an_address_counts_only_where_addresses_count():
    rule = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}
    assert not lets_out([_policy(**rule)], {}, _AWAY, by_address=False)
