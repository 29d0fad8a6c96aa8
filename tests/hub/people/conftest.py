"""A cluster with an installation's rights, and Dex in it, for the tests of this folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gpucommons_people.files.configuration import Configuration

from tests.hub.operations import operations

from .cluster import PEOPLE, ClusterWithRights, KubernetesDex


@pytest.fixture(scope="package")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("people")


@pytest.fixture(scope="package")
def api(folder) -> Iterator[ClusterWithRights]:
    api = ClusterWithRights(folder)
    api.start()
    yield api
    api.stop()


@pytest.fixture(scope="package")
def dex(folder, api) -> Iterator[KubernetesDex]:
    dex = KubernetesDex(folder, api)
    dex.start()
    yield dex
    dex.stop()


@pytest.fixture
def additions(tmp_path) -> Path:
    """The file of what every team gets beside the base; empty at first."""
    file = tmp_path / "additions.yaml"
    file.touch()
    return file


@pytest.fixture
def configuration(api, additions, tmp_path) -> Configuration:
    """An installation without a hub, used with the rights of the service account people."""
    return Configuration(
        address="https://hub.example.org",
        kubeconfig=api.kubeconfig_of(PEOPLE),
        team_additions=additions,
        audit_log=tmp_path / "audit.jsonl",
        handouts=tmp_path / "handouts",
    )


@pytest.fixture
def do(configuration) -> Callable:
    return operations(configuration, "tester")
