"""What other programs need of the catalogue: objects for a team's namespace, and the images to
pull in advance. Pure.

Volumes of shared data: sessions mount claims only, and each claim needs a persistent volume of
its own, because one is bound to one claim. Claim templates for GPUs by DRA.
"""

import re
from collections.abc import Collection, Iterator
from datetime import date
from itertools import chain, count

from gpucommons_contract import Label, team_namespace

from gpucommons_spawner.catalogue.catalogue import Catalogue
from gpucommons_spawner.catalogue.data import Data
from gpucommons_spawner.catalogue.gpu_modes.dra import CLAIM, DRA

Manifest = dict[str, object]

_NOMINAL = "1Mi"
"""Nothing keeps to the size of such a volume; a larger one would be taken from the storage that
the team's ResourceQuota grants for workspaces."""


def manifests(catalogue: Catalogue, team: str) -> list[Manifest]:
    """Return the objects of one team; applying them again changes nothing."""
    return [*_volumes(catalogue, team), *_claim_templates(catalogue, team)]


def _volumes(catalogue: Catalogue, team: str) -> Iterator[Manifest]:
    for name, data in catalogue.data.items():
        if data.open_to(team) and data.claim is None:
            claim, namespace = data.claim_of(name), team_namespace(team)
            volume = f"{namespace}.{claim}"  # no other team and data have this name
            binding = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
            yield {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": volume, "labels": {str(Label.TEAM): team}},
                "spec": {
                    **binding,
                    "capacity": {"storage": _NOMINAL},
                    "persistentVolumeReclaimPolicy": "Retain",
                    "claimRef": {"name": claim, "namespace": namespace},
                    **_source(data),
                },
            }
            yield {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": _metadata(claim, team),
                "spec": {
                    **binding,
                    "resources": {"requests": {"storage": _NOMINAL}},
                    "volumeName": volume,
                },
            }


def _source(data: Data) -> Manifest:
    if data.nfs is None:
        return {"hostPath": {"path": data.host_path, "type": "Directory"}}
    options = {"mountOptions": list(data.nfs.mount_options)} if data.nfs.mount_options else {}
    return {
        "nfs": {"server": data.nfs.server, "path": data.nfs.path, "readOnly": True},
        **options,
    }


def _claim_templates(catalogue: Catalogue, team: str) -> Iterator[Manifest]:
    """Describe the devices of each template once; sizes may share one."""
    gpus = (size.gpu for size in catalogue.sizes.values())
    for name, gpu in {gpu.template: gpu for gpu in gpus if isinstance(gpu, DRA)}.items():
        request: Manifest = {"deviceClassName": gpu.device_class, "count": gpu.count}
        if gpu.selector:
            request["selectors"] = [{"cel": {"expression": gpu.selector}}]
        yield {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaimTemplate",
            "metadata": _metadata(name, team),
            "spec": {"spec": {"devices": {"requests": [{"name": CLAIM, "exactly": request}]}}},
        }


def _metadata(name: str, team: str) -> Manifest:
    return {
        "name": name,
        "namespace": team_namespace(team),
        "labels": {str(Label.TEAM): team},
    }


_LONGEST_KEY = 40
"""The chart makes a container's name of a key; that may have 63 characters."""


def extra_images(catalogue: Catalogue, today: date) -> dict[str, dict[str, str]]:
    """Return ``prePuller.extraImages``: each image that can be started, once.

    Source: values.schema.json of the jupyterhub chart 4.4.0: name and tag, by a key.
    """
    found: dict[str, str] = {}
    for name, environment in catalogue.environments.items():
        for version in () if environment.disabled else environment.usable(today):
            found.setdefault(environment.versions[version].image, f"{name}-{version}")
    images: dict[str, dict[str, str]] = {}
    for image, label in found.items():
        images[_key(label, images.keys())] = _name_and_tag(image)
    return images


def _key(label: str, taken: Collection[str]) -> str:
    """Turn into what may be a part of a container's name, and is not taken."""
    plain = re.sub(r"[^a-z0-9-]", "-", label.lower())[:_LONGEST_KEY]
    numbered = (f"{plain}-{number}" for number in count(2))
    return next(key for key in chain([plain], numbered) if key not in taken)


def _name_and_tag(image: str) -> dict[str, str]:
    """Split so that the chart, which writes ``name:tag``, writes the image again."""
    folder, slash, last = image.rpartition("/")
    name, colon, tag = last.partition(":")
    return {"name": folder + slash + name, "tag": tag if colon else "latest"}
