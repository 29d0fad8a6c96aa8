"""What is told when the cluster cannot be used. That it can is tested in tests/hub/people."""

import pytest
import yaml
from gpucommons_people.cluster import NAMESPACES, PASSWORDS, Cluster
from gpucommons_people.errors import InputError, UnreachableError


def _kubeconfig(folder, server):
    file = folder / "kubeconfig"
    parts = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "secret-token"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    start = {"apiVersion": "v1", "kind": "Config", "current-context": "x"}
    file.write_text(yaml.safe_dump(start | parts))
    return file


async def test_a_cluster_that_is_not_there_is_told_with_its_address(tmp_path):
    async with Cluster.open(_kubeconfig(tmp_path, "http://127.0.0.1:1")) as cluster:
        with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:1 cannot be") as told:
            await cluster.list(NAMESPACES)
    assert "secret-token" not in str(told.value)


@pytest.mark.parametrize("content", [None, "", "[", "{}", "kind: Config"])
async def test_a_kubeconfig_that_cannot_be_used_is_told(tmp_path, content):
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match="no usable kubeconfig"):
        async with Cluster.open(file):
            pass


def test_objects_are_where_the_api_server_keeps_them():
    assert NAMESPACES.path() == "/api/v1/namespaces"
    assert NAMESPACES.path(name="team-a") == "/api/v1/namespaces/team-a"
    assert PASSWORDS.path("dex", "abc") == "/apis/dex.coreos.com/v1/namespaces/dex/passwords/abc"
