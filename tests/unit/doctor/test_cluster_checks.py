"""Versions, nodes, clocks, runtime classes, storage and webhooks, judged from objects."""

import pytest
from gpucommons_doctor.checks.cluster.kubernetes_version import (
    judge_kubelets,
    judge_server,
    read_version,
)
from gpucommons_doctor.checks.cluster.nodes import judge_clocks, judge_nodes
from gpucommons_doctor.checks.cluster.storage import (
    classes_used,
    judge_class,
    judge_defaults,
    judge_named,
    judge_snapshots,
)
from gpucommons_doctor.checks.cluster.webhooks import (
    has_endpoint,
    judge_webhooks,
    strict_webhooks,
)
from gpucommons_doctor.checks.gpus.runtime_classes import judge_runtime_classes
from gpucommons_doctor.finding import State
from gpucommons_doctor.kubernetes import selects

from . import objects


def _states(findings):
    return [each.state for each in findings]


@pytest.mark.parametrize(
    ("said", "dra", "state"),
    [
        ("v1.29.14", (), State.FAULT),
        ("v1.30.0", (), State.GOOD),
        ("v1.33.1-gke.100", ("claimed",), State.FAULT),
        ("v1.34.2+k3s1", ("claimed",), State.GOOD),
        ("v1.35.4-eks-1-35-4", (), State.GOOD),
        ("v1.36.0", (), State.WARNING),
    ],
)
def test_versions_are_judged_by_what_is_used_of_them(said, dra, state):
    assert judge_server(said, read_version(said), dra).state is state


def test_a_version_that_cannot_be_read_is_none():
    assert read_version("main") is None


@pytest.mark.parametrize(
    ("version", "states"),
    [
        ("v1.34.1", []),
        ("v1.31.9", []),
        ("v1.30.9", [State.FAULT]),
        ("v1.35.0", [State.FAULT]),
        ("kubelet", [State.UNKNOWN]),
    ],
)
def test_kubelets_may_be_three_versions_behind_and_never_ahead(version, states):
    assert _states(judge_kubelets((1, 34), [objects.node("n", version=version)])) == states


def test_nodes_are_told_apart_by_how_they_are():
    cordoned = objects.node("c")
    cordoned["spec"]["unschedulable"] = True
    nodes = [
        objects.node("a"),
        objects.node("b", conditions={"Ready": "False"}),
        cordoned,
        objects.node("d", conditions={"DiskPressure": "True"}),
    ]
    found = judge_nodes(nodes)
    assert _states(found) == [State.GOOD, State.FAULT, State.WARNING, State.WARNING]
    assert found[1].found == "Not ready: b (m Ready)."
    assert "d (DiskPressure)" in found[2].found
    assert _states(judge_nodes([])) == [State.FAULT]


def test_a_node_that_never_reported_is_not_ready():
    new = objects.node("new")
    new["status"] = {}
    assert _states(judge_nodes([new])) == [State.FAULT]


@pytest.mark.parametrize(
    ("renewed", "state"),
    [
        ("2026-11-29T10:00:00.900000Z", State.GOOD),
        ("2026-11-29T09:59:55.000000Z", State.GOOD),
        ("2026-11-29T10:00:30.000000Z", State.WARNING),
        ("2026-11-29T09:58:59.000000Z", State.FAULT),
    ],
)
def test_a_clock_is_compared_with_the_moment_that_the_api_server_noted(renewed, state):
    (found,) = judge_clocks({"n"}, [objects.lease("n", renewed)])
    assert found.state is state


def test_a_lease_of_which_only_others_wrote_is_unknown():
    lease = objects.lease("n")
    fields = lease["metadata"]["managedFields"][0]["fieldsV1"]
    del fields["f:spec"]["f:renewTime"]
    assert _states(judge_clocks({"n"}, [lease])) == [State.UNKNOWN]
    assert _states(judge_clocks({"n"}, [])) == [State.UNKNOWN]


def test_runtime_classes_are_looked_up_by_name(sizes):
    assert _states(judge_runtime_classes(sizes, {"nvidia", "runc"})) == [State.GOOD]
    (missing,) = judge_runtime_classes(sizes, {"runc"})
    assert missing.state is State.FAULT
    assert "whole" in missing.found
    assert "runc" in missing.advice


FAST, SLOW = objects.storage_class(), objects.storage_class("slow", default=False)


def test_one_default_class_is_wanted():
    older = objects.storage_class("older", made="2025-01-01T00:00:00Z")
    assert _states(judge_defaults({"fast": FAST, "slow": SLOW}, "")) == [State.GOOD]
    (two,) = judge_defaults({"older": older, "fast": FAST}, "")
    assert two.state is State.WARNING
    assert "the one made last, fast" in two.found
    assert _states(judge_defaults({"slow": SLOW}, "")) == [State.FAULT]
    assert judge_defaults({"slow": SLOW}, "slow") == []


def test_classes_that_are_named_must_exist():
    classes = {"fast": FAST}
    assert judge_named(classes, "fast", {"vision": "fast", "robots": ""}) == []
    hub, team = judge_named(classes, "quick", {"vision": "slow"})
    assert "quick, which the hub names" in hub.found
    assert "slow, which team vision names" in team.found
    assert {hub.state, team.state} == {State.FAULT}


def test_the_classes_of_workspaces_are_the_hubs_or_the_default_and_the_teams_own():
    classes = {"fast": FAST, "slow": SLOW}
    assert classes_used(classes, "", {"a": "slow", "b": ""}) == ["fast", "slow"]
    assert classes_used(classes, "slow", {"a": ""}) == ["slow"]
    assert classes_used(classes, "gone", {}) == []


def test_a_class_is_judged_by_what_it_can():
    immediate = objects.storage_class(volumeBindingMode="Immediate")
    fixed = objects.storage_class(allowVolumeExpansion=None)
    by_hand = objects.storage_class(provisioner="kubernetes.io/no-provisioner")
    assert _states(judge_class(FAST, several_nodes=True)) == [State.GOOD]
    assert _states(judge_class(immediate, several_nodes=False)) == [State.GOOD]
    assert _states(judge_class(immediate, several_nodes=True)) == [State.WARNING]
    assert _states(judge_class(fixed, several_nodes=True)) == [State.WARNING]
    assert _states(judge_class(by_hand, several_nodes=True)) == [State.FAULT]


def test_snapshots_need_a_class_of_the_same_driver():
    assert _states(judge_snapshots([FAST], [objects.snapshot_class()])) == [State.GOOD]
    assert _states(judge_snapshots([FAST], [objects.snapshot_class(driver="x")])) == [State.WARNING]
    assert _states(judge_snapshots([FAST], None)) == [State.WARNING]


VISION = {"gpucommons.io/team": "vision"}


def _judged(*configurations, ready=()):
    return judge_webhooks(strict_webhooks("validating", configurations, [VISION]), set(ready))


def test_a_webhook_with_an_endpoint_is_good():
    found = _judged(objects.webhook_configuration(), ready=[("policy", "policy")])
    assert _states(found) == [State.GOOD]


def test_nobody_behind_a_webhook_about_sessions_is_a_fault():
    (found,) = _judged(objects.webhook_configuration())
    assert found.state is State.FAULT
    assert "policy.example.org (validating, in policy): Service policy/policy" in found.found


@pytest.mark.parametrize(
    "fields",
    [
        {"namespaceSelector": {"matchLabels": {"other": "yes"}}},
        {"rules": [{"apiGroups": ["apps"], "operations": ["*"], "resources": ["*"]}]},
        {"rules": [{"apiGroups": [""], "operations": ["DELETE"], "resources": ["pods"]}]},
        {"rules": [{"apiGroups": [""], "operations": ["CREATE"], "resources": ["pods/exec"]}]},
    ],
)
def test_one_that_is_not_asked_about_sessions_is_a_warning(fields):
    assert _states(_judged(objects.webhook_configuration(**fields))) == [State.WARNING]


def test_one_whose_failure_lets_pass_is_nobodys_business():
    assert _states(_judged(objects.webhook_configuration(failurePolicy="Ignore"))) == [State.GOOD]


def test_one_that_answers_elsewhere_is_unknown():
    elsewhere = objects.webhook_configuration(clientConfig={"url": "https://policy.example.org"})
    assert _states(_judged(elsewhere)) == [State.UNKNOWN]


def test_an_endpoint_that_says_nothing_is_ready():
    silent = objects.endpoint_slice()
    silent["endpoints"][0]["conditions"] = {}
    assert has_endpoint([silent])
    assert has_endpoint([objects.endpoint_slice(ready=(False, True))])
    assert not has_endpoint([objects.endpoint_slice(ready=(False,))])
    assert not has_endpoint([objects.endpoint_slice(ready=())])


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"operator": "In", "values": ["vision", "robots"]}, True),
        ({"operator": "In", "values": ["robots"]}, False),
        ({"operator": "NotIn", "values": ["vision"]}, False),
        ({"operator": "NotIn", "values": ["robots"]}, True),
        ({"operator": "Exists"}, True),
        ({"operator": "DoesNotExist"}, False),
    ],
)
def test_selectors_fit_as_in_kubernetes(rule, fits):
    selector = {"matchExpressions": [{"key": "gpucommons.io/team", **rule}]}
    assert selects(selector, VISION) is fits
    assert selects({}, VISION)
