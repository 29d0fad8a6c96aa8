"""Whose a workspace is says its annotation; its name may be two people's."""

from types import SimpleNamespace

import pytest
from gpucommons_contract import Annotation
from gpucommons_spawner.errors import SpawnRefusedError
from kubernetes_asyncio.client import ApiException


class _Claims:
    """An API server that has the workspace already, with the annotations of the test."""

    def __init__(self, **annotations: str):
        self._claim = SimpleNamespace(
            metadata=SimpleNamespace(annotations=annotations or None, uid="1"),
            spec=SimpleNamespace(access_modes=["ReadWriteMany"]),
        )
        self.noted: dict[str, str] = {}

    async def create_namespaced_persistent_volume_claim(self, **_claim):
        raise ApiException(status=409)

    async def read_namespaced_persistent_volume_claim(self, _name, _namespace):
        return self._claim

    async def patch_namespaced_persistent_volume_claim(self, name, _namespace, body, **_more):
        assert name == "workspace-ada"
        self.noted = body["metadata"]["annotations"]


async def _ensure(spawner, **annotations):
    await spawner.load_user_options()
    spawner.api = _Claims(**annotations)
    return await spawner._make_create_pvc_request(spawner.get_pvc_manifest(), 1)


async def test_a_workspace_of_somebody_else_is_not_mounted(make_spawner):
    spawner = make_spawner({"size": "cpu"})
    with pytest.raises(SpawnRefusedError) as refused:
        await _ensure(spawner, **{Annotation.USER: "mallory"})
    assert "belongs to somebody else" in refused.value.jupyterhub_message
    assert "mallory" not in refused.value.jupyterhub_message
    assert "noted as mallory's" in refused.value.log_message


@pytest.mark.parametrize("annotations", [{}, {Annotation.USER: "ada"}])
async def test_ones_own_is_mounted_also_where_nobody_noted_whose_it_is(make_spawner, annotations):
    spawner = make_spawner({"size": "cpu"})
    assert await _ensure(spawner, **annotations)
    assert set(spawner.api.noted) == {Annotation.MOUNTED_AT}
