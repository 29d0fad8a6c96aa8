"""The objects of these tests have the shape that Kubernetes' API has: its client knows each field.

What the client does not know, Kueue's and the snapshots' kinds, are custom resources.
"""

import pytest

from tests.unit.kubernetes_fields import is_known, unknown_fields

from . import objects
from .played_cluster import sound_cluster

_ALL = [each for listed in sound_cluster().lists.values() for each in listed]
_KNOWN = {each["kind"] for each in _ALL if is_known(each["kind"])}


@pytest.mark.parametrize("kind", sorted(_KNOWN))
def test_an_object_has_fields_that_kubernetes_knows(kind):
    found = [e for e in _ALL if e["kind"] == kind]
    assert [x for each in found for x in unknown_fields(each, kind)] == []


def test_the_kinds_of_kubernetes_are_all_looked_at():
    assert {each["kind"] for each in _ALL} - _KNOWN == {
        "ClusterQueue",
        "LocalQueue",
        "VolumeSnapshotClass",
    }


def test_a_field_that_kubernetes_does_not_know_is_found():
    odd = objects.node("n")
    odd["status"]["nodeInfo"]["kubelet"] = "v1"
    assert unknown_fields(odd, "Node") == ["Node.status.nodeInfo.kubelet"]
