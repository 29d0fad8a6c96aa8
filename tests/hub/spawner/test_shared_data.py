"""Volumes of shared data, as `gpucommons catalogue manifests` writes them, bound for real."""

from collections.abc import Iterator

import pytest
from gpucommons_spawner.catalogue.exports import manifests
from gpucommons_spawner.catalogue.file import load_catalogue

from ..kubernetes import KubernetesProgram
from .api_server import ASTRO, VISION
from .test_api_server import GOLDEN


@pytest.fixture
def _binder(folder, api) -> Iterator[None]:
    """The controller that binds claims to volumes, and no other."""
    only = "--controllers=persistentvolume-binder-controller"
    binder = KubernetesProgram("kube-controller-manager", folder, api.kubeconfig, only)
    binder.start()
    yield
    binder.stop()


@pytest.mark.usefixtures("_binder")
def test_each_team_s_claim_is_bound_to_its_own_volume(api, until):
    full = load_catalogue(GOLDEN.with_name("full.yaml"))
    shared = full.data["imagenet"].model_copy(update={"teams": None})
    catalogue = full.model_copy(update={"data": {"imagenet": shared, "sky": full.data["sky"]}})
    for team, namespace in (("vision", VISION), ("astro", ASTRO)):
        for manifest in manifests(catalogue, team):
            path = {
                "PersistentVolume": "/api/v1/persistentvolumes",
                "PersistentVolumeClaim": f"/api/v1/namespaces/{namespace}/persistentvolumeclaims",
            }.get(manifest["kind"])
            if path:
                api.post(path, manifest)

    def bound() -> dict[str, str]:
        return {
            f"{namespace}/{name}": claim["spec"]["volumeName"]
            for namespace in (VISION, ASTRO)
            for name, claim in api.claims(namespace).items()
            if claim["status"]["phase"] == "Bound"
        }

    expected = {
        f"{VISION}/data-imagenet": f"{VISION}.data-imagenet",
        f"{ASTRO}/data-imagenet": f"{ASTRO}.data-imagenet",
        f"{ASTRO}/data-sky": f"{ASTRO}.data-sky",
    }
    # The controller looks at what it missed only every 15 s.
    until(lambda: bound().items() >= expected.items(), seconds=90)
