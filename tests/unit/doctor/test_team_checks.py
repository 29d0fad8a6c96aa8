"""Namespaces, queues, rights and quotas of teams, judged from objects."""

from decimal import Decimal
from itertools import groupby

import pytest
import yaml
from gpucommons_doctor.checks.hub import rights
from gpucommons_doctor.checks.hub.rights import Right, judge_answers, questions
from gpucommons_doctor.checks.teams.limit_ranges import judge_limit_ranges
from gpucommons_doctor.checks.teams.pod_security import judge_namespaces
from gpucommons_doctor.checks.teams.queue import judge_coverage, judge_team_queues, leads_to
from gpucommons_doctor.checks.teams.quota import capacity_of, hard_of, judge_quotas
from gpucommons_doctor.finding import State
from gpucommons_spawner.catalogue import Size
from reference_pages.project import ROOT

from . import objects


def _states(findings):
    return [each.state for each in findings]


def test_a_team_as_the_account_commands_make_it_is_good():
    assert _states(judge_namespaces([objects.team()["Namespace"]])) == [State.GOOD]


@pytest.mark.parametrize("enforced", [None, "baseline", "privileged"])
def test_a_namespace_that_lets_more_pass_is_a_fault(enforced):
    loose = objects.team()["Namespace"]
    del loose["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    if enforced:
        loose["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = enforced
    (found,) = judge_namespaces([loose])
    assert found.state is State.FAULT
    assert f"team-vision (enforces {enforced or 'nothing'})" in found.found


def test_a_namespace_with_the_label_of_another_team_is_a_fault():
    misnamed = objects.team()["Namespace"]
    misnamed["metadata"]["labels"]["gpucommons.io/team"] = "robots"
    (found,) = judge_namespaces([misnamed])
    assert found.state is State.FAULT
    assert "team-vision (says robots)" in found.found


def test_no_team_is_no_good_news():
    assert _states(judge_namespaces([])) == [State.WARNING]
    assert _states(judge_team_queues("sessions", {}, {})) == [State.WARNING]
    assert _states(judge_quotas({}, {}, {})) == [State.WARNING]
    assert _states(judge_limit_ranges({}, {})) == [State.WARNING]


def _local_queue(**spec):
    queue = objects.team()["LocalQueue"]
    queue["spec"].update(spec)
    return queue


QUEUES = {"gpucommons": objects.cluster_queue({"nvidia.com/gpu": "8"})}


@pytest.mark.parametrize(
    ("queue", "state"),
    [
        (_local_queue(), State.GOOD),
        (None, State.FAULT),
        (_local_queue(clusterQueue="other"), State.FAULT),
        (_local_queue(stopPolicy="Hold"), State.FAULT),
    ],
)
def test_a_team_needs_a_queue_that_runs_and_leads_somewhere(queue, state):
    assert _states(judge_team_queues("sessions", {"vision": queue}, QUEUES)) == [state]


def test_only_the_queues_of_teams_are_looked_at():
    queues = {**QUEUES, "batch": objects.cluster_queue({}, "batch", active=False)}
    teams = {"vision": _local_queue(), "robots": None}
    assert leads_to(teams, queues) == [QUEUES["gpucommons"]]


def _size(**gpu):
    return Size.model_validate({"display_name": "X", "cpu": 4, "memory": "16Gi", "gpu": gpu})


def test_a_queue_must_cover_what_sizes_ask_for():
    queue = objects.cluster_queue({"nvidia.com/gpu": "8"})
    whole, share = _size(mode="exclusive"), _size(mode="mps", shares=4)
    assert _states(judge_coverage({"whole": whole}, [queue])) == [State.GOOD]
    (found,) = judge_coverage({"whole": whole, "share": share}, [queue])
    assert found.state is State.FAULT
    assert "nvidia.com/gpu.shared, so Kueue never admits: share" in found.found
    more = _size(mode="exclusive", count=16)
    assert _states(judge_coverage({"more": more}, [queue])) == [State.WARNING]


def test_a_queue_that_is_not_active_says_why():
    (found,) = judge_coverage({}, [objects.cluster_queue({}, active=False)])
    assert found.state is State.FAULT
    assert "missing ResourceFlavor(s)" in found.found


def _rules(file, kind, name):
    found = yaml.safe_load_all((ROOT / "cluster" / "base" / file).read_text())
    (role,) = [e for e in found if e["kind"] == kind and e["metadata"]["name"] == name]
    return {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def _asked(*given):
    return {(each.group, each.resource): set(each.verbs) for group in given for each in group}


def test_the_rights_are_those_that_cluster_base_gives():
    base = "hub-rights.yaml"
    everywhere = _rules(base, "ClusterRole", "gpucommons-availability")
    assert _asked(rights.EVERYWHERE, rights.EVERYWHERE_WITH_QUEUE) == everywhere
    sessions = _rules(base, "ClusterRole", "gpucommons-sessions")
    assert _asked(rights.IN_TEAMS, rights.IN_TEAMS_WITH_QUEUE) == sessions
    grants = _rules("quota-rights.yaml", "Role", "gpucommons-hub")
    assert _asked(rights.GRANTS) == grants
    notices = _rules("notices-rights.yaml", "Role", "gpucommons-hub")
    assert _asked(rights.NOTICES) == notices


def test_rights_are_asked_for_where_they_are_needed():
    asked = questions(["team-a", "team-b"], queued=False)
    places = {
        place: len(list(each))
        for place, each in groupby(asked, key=lambda question: question.namespace)
    }
    assert places == {
        "": 8,
        "gpucommons-quota": 3,
        "gpucommons-notices": 5,
        "team-a": 7,
        "team-b": 7,
    }
    assert len(questions(["team-a"], queued=True)) == 8 + 3 + 5 + 7 + 3


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"allowed": True}, State.GOOD),
        ({"allowed": False}, State.FAULT),
        ({"allowed": False, "evaluationError": "webhook authorizer: timeout"}, State.UNKNOWN),
    ],
)
def test_an_answer_is_judged_by_its_status(status, state):
    question = rights.Question("get", Right("", "pods", ("get",)), "team-a")
    found = judge_answers([question], [{"status": status}])
    assert _states(found) == [state]


def test_what_is_denied_is_named():
    right = Right("kueue.x-k8s.io", "workloads", ("list",))
    (found,) = judge_answers([rights.Question("list", right, "team-a")], [{"status": {}}])
    assert found.found == "The hub may not: list workloads.kueue.x-k8s.io in team-a."


def _hard(**limits):
    return hard_of([objects.team(**limits)["ResourceQuota"]])


CAPACITY = {"nvidia.com/gpu": Decimal(8)}


def test_quotas_that_fit_are_good():
    sizes = {"whole": _size(mode="exclusive")}
    assert _states(judge_quotas(sizes, {"vision": _hard(gpus=8)}, CAPACITY)) == [State.GOOD]
    assert _states(judge_quotas(sizes, {"vision": {}}, CAPACITY)) == [State.GOOD]


def test_a_quota_beyond_the_nodes_is_a_warning_unless_nodes_are_added():
    sizes = {"whole": _size(mode="exclusive")}
    (found,) = judge_quotas(sizes, {"vision": _hard(gpus=9)}, CAPACITY)
    assert found.state is State.WARNING
    assert "more nvidia.com/gpu than the nodes have (8): vision (9)" in found.found
    grows = {"whole": sizes["whole"].model_copy(update={"nodes_on_demand": "10m"})}
    assert _states(judge_quotas(grows, {"vision": _hard(gpus=9)}, CAPACITY)) == [State.GOOD]


@pytest.mark.parametrize(
    ("gpus", "state"), [(4, State.GOOD), (8, State.WARNING), (9, State.GOOD), (None, State.GOOD)]
)
def test_with_a_queue_a_quota_must_not_be_just_what_the_nodes_have(gpus, state):
    """Sessions that wait count: a lower quota limits a team, a higher one lets some wait."""
    sizes, teams = {"whole": _size(mode="exclusive")}, {"vision": _hard(gpus=gpus)}
    (found,) = judge_quotas(sizes, teams, CAPACITY, queued=True)
    assert found.state is state
    if state is State.WARNING:
        assert "all that the nodes have (8)" in found.found
        assert "vision. When such a team has them all, its next session is refused" in found.found


def test_with_a_queue_a_quota_of_what_nobody_waits_for_is_judged_as_without():
    (found,) = judge_quotas({}, {"vision": _hard(gpus=9)}, CAPACITY, queued=True)
    assert "Such a quota limits nothing" in found.advice


@pytest.mark.parametrize("limits", [{"gpus": 1}, {"sessions": 0}, {"cpu": "2"}, {"memory": "8Gi"}])
def test_a_quota_below_one_session_is_a_fault(limits):
    sizes = {"two": _size(mode="exclusive", count=2)}
    (found,) = judge_quotas(sizes, {"vision": _hard(**limits)}, CAPACITY)
    assert found.state is State.FAULT
    assert "Size two" in found.found
    closed = {"two": sizes["two"].model_copy(update={"access": ("robots",)})}
    teams = {"vision": _hard(**limits), "robots": {}}
    assert _states(judge_quotas(closed, teams, CAPACITY)) == [State.GOOD]


def test_a_quota_that_keeps_one_team_from_a_size_is_a_warning():
    sizes = {"two": _size(mode="exclusive", count=2)}
    teams = {"vision": _hard(gpus=0), "robots": _hard(gpus=4)}
    (found,) = judge_quotas(sizes, teams, CAPACITY)
    assert found.state is State.WARNING
    assert "the quota of vision (requests.nvidia.com/gpu): it is offered" in found.found


def test_claimed_devices_count_against_the_quota_of_their_class():
    two = {"two": _size(mode="dra", template="pair", count=2)}
    one = {"vision": _hard(device_classes={"gpu.nvidia.com": 1})}
    assert _states(judge_quotas(two, one, {})) == [State.FAULT]
    enough = {"vision": _hard(device_classes={"gpu.nvidia.com": 2})}
    assert _states(judge_quotas(two, enough, {})) == [State.GOOD]


def test_of_several_quotas_the_least_counts():
    ours = objects.team(gpus=8)["ResourceQuota"]
    theirs = objects.named(
        "ResourceQuota", "site", "team-vision", spec={"hard": {"requests.nvidia.com/gpu": "2"}}
    )
    assert hard_of([ours, theirs])["requests.nvidia.com/gpu"] == 2


@pytest.mark.parametrize(
    "scope",
    [{"scopes": ["BestEffort"]}, {"scopeSelector": {"matchExpressions": [{"operator": "Exists"}]}}],
)
def test_a_quota_for_some_pods_only_is_left_out(scope):
    scoped = objects.named("ResourceQuota", "site", spec={"hard": {"pods": "0"}, **scope})
    assert hard_of([scoped]) == {}


def test_a_quota_of_the_site_counts_pods_under_either_name():
    sizes = {"whole": _size(mode="exclusive")}
    (found,) = judge_quotas(sizes, {"vision": {"count/pods": Decimal(0)}}, CAPACITY)
    assert found.state is State.FAULT


@pytest.mark.parametrize(
    ("kind", "limits", "why"),
    [
        ("Container", {"max": {"cpu": "4", "memory": "16Gi"}}, None),
        ("Container", {"max": {"cpu": "2"}}, "site: cpu at most 2 for a container"),
        ("Pod", {"max": {"memory": "8Gi"}}, "site: memory at most 8Gi for a pod"),
        ("Container", {"min": {"cpu": "100m"}}, None),
        ("Container", {"min": {"cpu": "5"}}, "site: cpu at least 5 for a container"),
        ("Container", {"maxLimitRequestRatio": {"cpu": "1"}}, None),
        ("Container", {"max": {"nvidia.com/gpu": "0"}}, "nvidia.com/gpu at most 0"),
        ("Container", {"max": {"ephemeral-storage": "1Gi"}}, None),
        ("Pod", {"max": {"ephemeral-storage": "1Gi"}}, "must say its ephemeral-storage"),
        ("PersistentVolumeClaim", {"max": {"storage": "1Gi"}}, None),
        ("Container", {"default": {"cpu": "1"}, "defaultRequest": {"cpu": "1"}}, None),
    ],
)
def test_a_limit_range_refuses_as_kubernetes_does(kind, limits, why):
    size = {"whole": _size(mode="exclusive")}
    (found,) = judge_limit_ranges(size, {"vision": [objects.limit_range(kind, **limits)]})
    assert found.state is (State.FAULT if why else State.GOOD)
    assert (why or "") in found.found


def test_a_limit_that_is_too_many_times_the_request_is_refused():
    low = _size(mode="exclusive").model_copy(update={"cpu_request": "500m"})
    ratio = objects.limit_range(maxLimitRequestRatio={"cpu": "4"})
    (found,) = judge_limit_ranges({"low": low}, {"vision": [ratio], "robots": []})
    assert found.state is State.WARNING
    assert "vision (site: limit of cpu at most 4 times its request)" in found.found


def test_the_devices_of_all_nodes_are_summed():
    nodes = [objects.node("a", objects.WHOLE), objects.node("b", objects.WHOLE)]
    assert capacity_of(nodes) == {"nvidia.com/gpu": 16}
