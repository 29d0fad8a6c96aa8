"""A platform stays what it was made as: a whole one, or a cluster to install on."""

from pathlib import Path

import pytest
from gpucommons_local import preflight
from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.instance import Instance, load


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUCOMMONS_STATE", str(tmp_path))


def test_later_commands_know_that_it_is_only_a_cluster():
    Instance("bare", 8300, only_cluster=True).save()
    assert load("bare") == Instance("bare", 8300, only_cluster=True)


def test_a_platform_of_before_there_were_others_is_a_whole_one(tmp_path: Path):
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "instance.json").write_text('{"port": 8000}\n')
    assert load() == Instance()


@pytest.mark.parametrize("only_cluster", [True, False])
def test_it_is_not_started_as_the_other(only_cluster: bool):
    Instance("bare", 8300, only_cluster=only_cluster).save()
    with pytest.raises(PlatformError, match="hoose another --name"):
        preflight.check(Instance("bare", 8300, only_cluster=not only_cluster), cached=True)


@pytest.mark.parametrize("only_cluster", [True, False])
def test_it_is_started_again_as_what_it_is(only_cluster: bool):
    instance = Instance("bare", 8300, only_cluster=only_cluster)
    instance.save()
    assert preflight._kind(instance) == []
    assert preflight._kind(Instance("new", 8310, only_cluster=only_cluster)) == []
