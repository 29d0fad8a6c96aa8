"""What a platform is before and after that was built which a first session does without."""

import shutil
from argparse import Namespace
from dataclasses import replace

import pytest
import yaml
from gpucommons_local import builds
from gpucommons_local.addons import simulated_gpus
from gpucommons_local.command import running
from gpucommons_local.errors import PlatformError
from gpucommons_local.hub import dex, hub, people
from gpucommons_local.machine import programs
from gpucommons_local.machine.instance import Instance, load
from gpucommons_local.machine.secrets import load_secrets
from gpucommons_local.platform import later_builds


@pytest.fixture
def instance(monkeypatch, tmp_path) -> Instance:
    """A platform on a machine that has built nothing yet."""
    monkeypatch.setenv("GPUCOMMONS_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for each in (dex, hub):
        monkeypatch.setattr(each, "program", lambda name: name)
    instance = Instance("unit", 18396)
    instance.state.mkdir(parents=True)
    return instance


def _build(*titles: str) -> None:
    """Leave what `programs.build` leaves, as far as is looked at here."""
    folder = programs.programs_folder()
    for each in ("bin", "done"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    for name in ("kueue", "restic", "rest-server", *simulated_gpus.PROGRAMS):
        (folder / "bin" / name).touch()
    for each in titles:
        (folder / "done" / each).touch()


def _queue(instance: Instance) -> str:
    _, program = hub.hub_programs(instance, load_secrets(instance), "catalogue")
    values = next(text for path, text in program.files.items() if path.name == "values.yaml")
    return yaml.safe_load(values)["GPUSpawner"]["queue"]


def test_sessions_wait_in_the_queue_once_kueue_is_built(instance):
    _build(*builds.FIRST_PROGRAMS)
    assert not programs.built()
    assert _queue(instance) == ""
    assert "kueue" not in builds.references()
    _build(programs.KUEUE)
    assert _queue(instance) == "sessions"
    assert "kueue" in builds.references()


def test_a_first_session_does_without_the_queue_and_an_older_environment(instance):
    _build(*builds.FIRST_PROGRAMS)
    assert builds.missing_later() == [*programs.LATER, "Image scipy:2026.05"]
    _build(*programs.LATER)
    assert programs.built()
    assert builds.missing_later() == [
        *("Image scipy:2026.05", "Image kueue:0.18.3", "Image backup:2026.11")
    ]
    assert {each.title for each in builds.FIRST_ENVIRONMENTS} == {"scipy:2026.11"}


def test_an_environment_that_was_asked_for_is_built_after_all_else_if_the_disk_has_room(
    instance, monkeypatch
):
    _build(*programs.LATER)
    assert builds.missing_later(["pytorch"])[-1] == "Image pytorch:2026.11"
    free = shutil.disk_usage(instance.state)._replace(free=24 * 1024**3)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    (pytorch,) = builds.missing_environments(["pytorch"])
    assert pytorch.title == "pytorch:2026.11"
    free = free._replace(free=24 * 1024**3 - 1)
    with pytest.raises(PlatformError, match=r"pytorch:2026\.11: not built, as this needs 24 GiB"):
        builds.missing_environments(["pytorch"])
    assert builds.missing_environments([]) == []
    with pytest.raises(PlatformError, match="There is no image nosuch"):
        builds.missing_later(["nosuch"])


def test_an_environment_is_looked_up_before_anything_is_built_and_counts_once(
    instance, monkeypatch
):
    asked = []

    def up(instance, *_, **__):
        asked.append(instance.environments)
        raise PlatformError("far enough")

    monkeypatch.setattr(running, "up", up)
    given = Namespace(name="unit", port=18396, https=False, only_cluster=False, addon=[], all=False)
    given.environments = ["pytorch", "pytorch:2026.11"]
    with pytest.raises(PlatformError, match="far enough"):
        running._up(given)
    given.environments = ["nosuch"]
    with pytest.raises(PlatformError, match="There is no image nosuch"):
        running._up(given)
    assert asked == [("pytorch:2026.11",)]


def test_a_set_that_was_built_before_is_complete(instance):
    programs.programs_folder().mkdir(parents=True)
    programs.finish()
    assert programs.built()
    assert programs.built(programs.KUEUE)


def test_the_demo_teams_get_their_queues_once_kueue_is_built_and_nobody_is_imported_again(instance):
    def make():
        for command in people._missing(instance):
            command.done(instance).parent.mkdir(exist_ok=True)
            command.done(instance).touch()
        assert people.demo_made(instance)

    _build(*builds.FIRST_PROGRAMS)
    make()
    _build(programs.KUEUE)
    assert [each.words[:2] for each in people._missing(instance)] == [("team", "apply")]
    make()


@pytest.mark.parametrize("https", [False, True])
def test_the_rest_is_built_for_the_platform_as_it_is(instance, https):
    environments = ("pytorch",) if https else ()
    program = later_builds(Instance("unit", 18396, https=https, environments=environments))
    assert program.once
    assert ("--https" in program.command) == https
    assert {"up", "--all", "unit", "18396", *environments} < set(program.command)
    assert ("--environment" in program.command) == https


def test_what_was_asked_for_is_known_to_later_commands(instance):
    asked = replace(instance, environments=("pytorch", "tensorflow:2026.11"))
    asked.save()
    assert load("unit") == asked
