"""What Deployments and other workloads make is judged, not they; and the expressions are right."""

from tests.waiting import until

from .every import REFUSED
from .objects import IMAGE, TEAM, Body, pod
from .request import PODS, Request

_DEPLOYMENTS = f"/apis/apps/v1/namespaces/{TEAM}/deployments"


def test_a_deployment_has_the_pods_that_its_author_might_have(api):
    _deploy(api, "allowed", IMAGE)
    until(lambda: _pods_of(api, "allowed"))


def test_a_deployment_says_why_it_has_no_pods(api):
    _deploy(api, "refused", "docker.io/miner:1")

    def complaint() -> str:
        conditions = api.get(f"{_DEPLOYMENTS}/refused").get("status", {}).get("conditions", ())
        return next((c["message"] for c in conditions if c["type"] == "ReplicaFailure"), "")

    assert "Not in the catalogue, for team vision: docker.io/miner:1." in until(complaint)
    assert not _pods_of(api, "refused")


def _deploy(api, name: str, image: str) -> None:
    made = pod(container={"image": image}, labels={"app": name})
    spec = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": made["metadata"]["labels"]}, "spec": made["spec"]},
    }
    body = {"metadata": {"name": name}, "spec": spec}
    assert not api.refusal(Request("a deployment", body, _DEPLOYMENTS))


def _pods_of(api, name: str) -> list[Body]:
    return api.get(f"{PODS}?labelSelector=app%3D{name}")["items"]


def test_the_api_server_finds_no_mistake_in_the_expressions(api):
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"

    def judged() -> list[Body]:
        policies = api.get(path)["items"]
        return policies if all("typeChecking" in p.get("status", {}) for p in policies) else []

    found = {each["metadata"]["name"]: each["status"]["typeChecking"] for each in until(judged)}
    assert {each.policy for each in REFUSED} <= found.keys()
    assert not [each["expressionWarnings"] for each in found.values() if each]
