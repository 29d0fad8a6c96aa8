"""What the API server answers when it makes nothing, in words; messages as Kubernetes 1.35's."""

import json

import pytest
from gpucommons_spawner.kubernetes.refusal import is_webhook_away, refusal_of
from kubernetes_asyncio.client import ApiException

_QUOTA = (
    'pods "jupyter-ada" is forbidden: exceeded quota: team, requested: {}, used: {}, limited: {}'
)


def _refusal(status, message, **details):
    error = ApiException(status=status, reason="Forbidden")
    error.body = json.dumps({"code": status, "message": message, "details": details})
    return refusal_of(error, "team Vision")


def test_a_used_up_quota_says_of_what_how_much():
    gpu = "requests.nvidia.com/gpu"
    found = _refusal(403, _QUOTA.format(f"{gpu}=1", f"{gpu}=2", f"{gpu}=2"))
    assert found.jupyterhub_message == (
        "The team Vision has used up its share of GPUs: 2 of 2 in use, 1 more needed. Stop a "
        "session of the team, choose a smaller size, or ask an administrator for a larger share."
    )
    assert (found.status_code, found.reason) == (409, "team-quota")


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ("requests.nvidia.com/gpu.shared", "shares of GPUs"),
        ("limits.memory", "memory"),
        ("count/pods", "sessions"),
        ("requests.storage", "storage"),
        ("example.com/new", "example.com/new"),
    ],
)
def test_a_resource_is_called_as_people_call_it(resource, words):
    found = _refusal(403, _QUOTA.format(f"{resource}=1", f"{resource}=2", f"{resource}=2"))
    assert f"its share of {words}: 2 of 2" in found.jupyterhub_message


def test_every_resource_that_is_short_is_named():
    message = _QUOTA.format("cpu=2,memory=4Gi", "cpu=8,memory=30Gi", "cpu=8,memory=32Gi")
    assert (
        "CPUs: 8 of 8 in use, 2 more needed; memory: 30Gi of 32Gi in use, 4Gi more needed."
        in _refusal(403, message).jupyterhub_message
    )


@pytest.mark.parametrize(
    ("status", "details"),
    [
        (403, {"causes": [{"reason": "NamespaceTerminating"}]}),
        (404, {"kind": "namespaces", "name": "team-vision"}),
    ],
)
def test_a_team_that_is_being_removed_is_said_to_be(status, details):
    found = _refusal(status, "...", **details)
    assert found.jupyterhub_message.startswith("The team Vision is being removed")


def test_pod_security_is_one_sentence_for_the_person_and_all_for_the_operator():
    found = _refusal(403, 'violates PodSecurity "restricted:latest": privileged (container "x")')
    assert found.jupyterhub_message == (
        "The security rules of the team Vision do not allow this session; an administrator "
        "finds the reason in the hub's log."
    )
    assert "privileged (container" in found.log_message


@pytest.mark.parametrize("body", [None, "", "not JSON", "[]", "null", "{}"])
def test_an_answer_without_a_message_is_told_by_its_status(body):
    error = ApiException(status=500, reason="Internal Server Error")
    error.body = body
    assert refusal_of(error, "team Vision").jupyterhub_message == (
        "Kubernetes did not accept the session: 500 Internal Server Error"
    )


def test_anything_else_is_told_as_it_is():
    assert _refusal(403, "no such thing").jupyterhub_message == (
        "Kubernetes did not accept the session: no such thing"
    )


@pytest.mark.parametrize(
    ("status", "message", "away"),
    [
        (500, 'Internal error occurred: failed calling webhook "mpod.kb.io": connect', True),
        (500, "Internal error occurred: etcd", False),
        (403, 'admission webhook "mpod.kb.io" denied the request', False),
    ],
)
def test_a_webhook_that_does_not_answer_is_told_from_one_that_refuses(status, message, away):
    error = ApiException(status=status)
    error.body = json.dumps({"code": status, "message": message})
    assert is_webhook_away(error) is away


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            'pods "jupyter-ada" is forbidden: no PriorityClass with name nosuch was found',
            "needs the PriorityClass nosuch, and the cluster has none",
        ),
        (
            'pods "jupyter-ada" is forbidden: pod rejected: RuntimeClass "nvidia" not found',
            "needs the RuntimeClass nvidia, and the cluster has none",
        ),
    ],
)
def test_what_the_catalogue_names_and_the_cluster_lacks_is_told_to_both(message, words):
    found = _refusal(403, message)
    assert words in found.jupyterhub_message
    assert "the catalogue names" in found.log_message
