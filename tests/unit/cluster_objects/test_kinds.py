"""Each object is one that its kind allows, written as Kubernetes writes it back."""

import re
from collections.abc import Iterator
from copy import deepcopy

import pytest

from tests.unit.kubernetes_fields import is_known, unknown_fields

from .custom_kinds import mistakes
from .kustomize import ENVIRONMENTS, MESH, OPTIONAL, Object, identity, overlay, part

_APPLIED = {
    **{each: overlay(each) for each in ENVIRONMENTS},
    **{each: part(each) for each in (*OPTIONAL, *MESH)},
}
_EVERY = [each for made in _APPLIED.values() for each in made]
_CUSTOM = sorted({each["kind"] for each in _EVERY if not is_known(each["kind"])})


def _ids(made: list[Object]) -> list[tuple[str, str, str]]:
    return [identity(each) for each in made]


def test_the_kinds_of_others_are_these():
    of = {
        "CloudNativePG": {"Cluster", "Database"},
        "Kueue": {"ClusterQueue", "ResourceFlavor", "WorkloadPriorityClass"},
        "the Prometheus operator": {"AlertmanagerConfig", "PodMonitor", "PrometheusRule"},
        "cert-manager": {"Certificate"},
        "the Gateway API": {"Gateway", "HTTPRoute"},
        "Istio": {
            "AuthorizationPolicy", "EnvoyFilter", "Gateway", "PeerAuthentication", "VirtualService",
        },
        "Gatekeeper": {
            "ConstraintTemplate", "GPUCommonsPodsAsMade", "GPUCommonsPodsIsolated",
            "GPUCommonsTeamClaims", "GPUCommonsTeamDevices", "GPUCommonsTeamIngresses",
            "GPUCommonsTeamServices",
        },
    }  # fmt: skip
    assert set(_CUSTOM) == set().union(*of.values())


def test_each_object_has_fields_that_kubernetes_knows():
    known = [each for each in _EVERY if is_known(each["kind"])]
    assert not [field for each in known for field in unknown_fields(each, each["kind"])]


@pytest.mark.parametrize("kind", _CUSTOM)
def test_each_custom_resource_is_as_its_kind_says(kind):
    for each in _EVERY:
        if each["kind"] == kind:
            assert mistakes(each) == []


@pytest.mark.parametrize("kind", _CUSTOM)
def test_a_misspelt_field_of_a_custom_resource_is_found(kind):
    odd = deepcopy(next(each for each in _EVERY if each["kind"] == kind))
    (odd.get("spec") or odd)["nominalQouta"] = 1
    assert mistakes(odd)


@pytest.mark.parametrize("name", _APPLIED)
def test_no_object_is_made_twice(name):
    found = _ids(_APPLIED[name])
    assert len(found) == len(set(found))


# A second apply changes nothing, and a GitOps tool sees no difference


@pytest.mark.parametrize("name", _APPLIED)
def test_nothing_is_said_that_the_cluster_says(name):
    for each in _APPLIED[name]:
        assert not {"status", "managedFields"} & {*each, *each["metadata"]}
        assert "creationTimestamp" not in each["metadata"]


@pytest.mark.parametrize("name", _APPLIED)
def test_amounts_are_written_as_kubernetes_writes_them(name):
    amounts = [found for each in _APPLIED[name] for found in _amounts(each)]
    assert amounts or name not in ENVIRONMENTS
    assert not [each for each in amounts if not _is_canonical(each)]


def _amounts(value: object, key: str = "") -> Iterator[object]:
    """Find all amounts of resources in an object."""
    if isinstance(value, dict):
        for name, each in value.items():
            if key in {"requests", "limits", "hard"} or name in {"nominalQuota", "size"}:
                yield each
            else:
                yield from _amounts(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _amounts(each)


def _is_canonical(amount: object) -> bool:
    """Whether an amount is a text in the shortest form: 500m and not 0.5, 1 and not 1000m."""
    form = re.fullmatch(r"(\d+)(m|[KMGT]i)?", str(amount))
    if not isinstance(amount, str) or not form:
        return False
    number, unit = int(form[1]), form[2]
    return not unit or bool(number % (1000 if unit == "m" else 1024))


@pytest.mark.parametrize(
    ("amount", "canonical"),
    [("500m", True), ("1", True), ("0", True), ("160Mi", True), ("2Gi", True),
     ("1000m", False), ("0.5", False), (1, False), (0.5, False), ("1024Mi", False)],
)  # fmt: skip
def test_an_amount_that_would_come_back_in_another_form_is_found(amount, canonical):
    assert _is_canonical(amount) is canonical
