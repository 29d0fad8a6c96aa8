"""The account of cluster/doctor may do what the checks do, and no more."""

import pytest
from gpucommons_config.chart_contradictions import chart_contradictions
from gpucommons_doctor.examination import choose, made
from gpucommons_doctor.finding import State
from gpucommons_doctor.runner import examine

from tests.unit.cluster_objects.kustomize import part

from .rbac import Right, allows, rights_of

CHECKS = choose([], ["dex", "chart-values"])  # these ask the cluster nothing
_REVIEWS = {"selfsubjectreviews", "subjectaccessreviews"}


@pytest.fixture(scope="module")
def rights():
    return rights_of(part("doctor"), "doctor")


async def _unknown(played, cluster, installation, rights):
    """Names of the checks to which something is not shown with these rights alone."""
    played.may = lambda method, path: allows(rights, method, path)
    results = await examine(made(CHECKS, installation, chart_contradictions), cluster, 30.0)
    return {each.check.name for each in results if each.state is not State.GOOD}


async def test_every_check_sees_what_it_looks_at(played, cluster, installation, rights):
    assert await _unknown(played, cluster, installation, rights) == set()


async def test_each_right_is_needed_by_a_check(played, cluster, installation, rights):
    found = {
        right: await _unknown(played, cluster, installation, rights - {right})
        for right in rights
        if not right.resource.startswith("/")
    }
    assert len(found) > 20
    assert [right for right, unknown in found.items() if not unknown] == []


async def test_a_check_may_be_answered_that_looks_further_where_something_is_wrong(
    played, cluster, installation, rights
):
    for amounts in ("capacity", "allocatable"):
        del played.objects("/nodes")[2]["status"][amounts]["nvidia.com/gpu.shared"]
    asked = []
    played.may = lambda method, path: asked.append((method, path)) or True
    await examine(made(choose(["gpus"], []), installation, chart_contradictions), cluster, 30.0)
    assert ("GET", "/apis/resource.k8s.io/v1/resourceslices") in asked
    assert [each for each in asked if not allows(rights, *each)] == []


def test_no_right_changes_or_shows_what_is_secret(rights):
    changing = {each for each in rights if each.verb not in {"get", "list"}}
    assert {(each.verb, each.resource) for each in changing} == {("create", r) for r in _REVIEWS}
    assert not {each.resource for each in rights} & {"secrets", "configmaps", "pods"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nodes/gpu-1"),
        ("DELETE", "/api/v1/nodes/gpu-1"),
        ("POST", "/api/v1/namespaces"),
        ("GET", "/api/v1/namespaces/gpucommons/secrets"),
        ("GET", "/apis/coordination.k8s.io/v1/leases"),
        ("GET", "/apis/coordination.k8s.io/v1/namespaces/gpucommons/leases"),
        ("PATCH", "/apis/kueue.x-k8s.io/v1beta2/namespaces/team-vision/localqueues/sessions"),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
        ("GET", "/metrics"),
        ("POST", "/version"),
    ],
)
def test_what_no_check_asks_is_refused(method, path, rights):
    assert not allows(rights, method, path)


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "/version", Right("get", "", "/version")),
        ("GET", "/apis/kueue.x-k8s.io/v1beta2", Right("get", "", "/apis/*")),
        ("GET", "/api/v1/nodes", Right("list", "", "nodes")),
        ("GET", "/api/v1/namespaces", Right("list", "", "namespaces")),
        ("GET", "/api/v1/namespaces/a", Right("get", "", "namespaces")),
        ("GET", "/api/v1/namespaces/a/pods", Right("list", "", "pods", "a")),
        ("GET", "/api/v1/namespaces/a/pods/b/log", Right("get", "", "pods/log", "a")),
        ("PATCH", "/apis/a.io/v1/namespaces/b/cs/d", Right("patch", "a.io", "cs")),
    ],
)
def test_a_request_takes_one_right(method, path, right):
    assert allows({right}, method, path)
    for other in (Right("watch", right.group, right.resource), Right(right.verb, "x", "y")):
        assert not allows({other}, method, path)
