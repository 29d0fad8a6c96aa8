"""What an administrator makes for the catalogue in teams' namespaces."""

import pytest
from gpucommons_spawner.catalogue.exports import manifests
from gpucommons_spawner.pod.build import build
from gpucommons_spawner.selection.person import Person
from gpucommons_spawner.selection.resolve import resolve

from .conftest import ASTRO, TODAY, VISION


def _of_kind(catalogue, team, kind):
    return {
        each["metadata"]["name"]: each
        for each in manifests(catalogue, team.name)
        if each["kind"] == kind
    }


@pytest.mark.parametrize("team", [VISION, ASTRO])
def test_every_claim_that_a_session_mounts_is_made_except_those_of_others(full, team):
    selection = resolve({}, Person("ada", teams=(team,)), full, TODAY)
    fields = build(selection, Person("ada"), "")
    mounted = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in fields.volumes
        if "persistentVolumeClaim" in volume
    }
    assert mounted - {"shared-models"} == _of_kind(full, team, "PersistentVolumeClaim").keys()


@pytest.mark.parametrize("team", [VISION, ASTRO])
def test_a_volume_and_its_claim_name_each_other_and_no_storage_class(full, team):
    (claim,) = _of_kind(full, team, "PersistentVolumeClaim").values()
    volume = _of_kind(full, team, "PersistentVolume")[claim["spec"]["volumeName"]]
    assert volume["spec"]["claimRef"] == {
        "name": claim["metadata"]["name"],
        "namespace": claim["metadata"]["namespace"],
    }
    assert claim["metadata"]["namespace"] == team.namespace
    assert claim["spec"]["storageClassName"] == volume["spec"]["storageClassName"] == ""
    assert claim["spec"]["accessModes"] == volume["spec"]["accessModes"] == ["ReadOnlyMany"]


def test_an_nfs_export_is_mounted_read_only_with_its_options(full):
    (volume,) = _of_kind(full, VISION, "PersistentVolume").values()
    assert volume["spec"]["nfs"] == {
        "server": "nfs.example.org",
        "path": "/export/imagenet",
        "readOnly": True,
    }
    assert volume["spec"]["mountOptions"] == ["nfsvers=4.2"]


def test_a_folder_of_the_nodes_must_be_there_already(full):
    (volume,) = _of_kind(full, ASTRO, "PersistentVolume").values()
    assert volume["spec"]["hostPath"] == {"path": "/scratch/sky", "type": "Directory"}


def test_a_claim_template_describes_the_devices_of_its_size(full):
    template = _of_kind(full, ASTRO, "ResourceClaimTemplate")["whole-gpu"]
    (request,) = template["spec"]["spec"]["devices"]["requests"]
    assert request == {
        "name": "gpu",
        "exactly": {
            "deviceClassName": "gpu.nvidia.com",
            "count": 1,
            "selectors": [
                {
                    "cel": {
                        "expression": 'device.attributes["gpu.nvidia.com"].productName '
                        '== "NVIDIA H200"'
                    }
                }
            ],
        },
    }
