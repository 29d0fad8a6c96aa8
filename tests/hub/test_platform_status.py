"""How the platform is, also where what it was built of is gone."""

import json
import tempfile

import pytest
from gpucommons_config.command import main
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.supervision import Program, Supervisor


@pytest.fixture
def short_path():
    """A folder whose path leaves room for a socket's; pytest's own grow with names and runs."""
    with tempfile.TemporaryDirectory(prefix="gpucommons-") as path:
        yield path


@pytest.fixture
def platform(short_path, tmp_path, monkeypatch):
    """A platform of one real program that runs, on a machine whose build cache is gone."""
    monkeypatch.setenv("GPUCOMMONS_STATE", short_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    instance = Instance("unit", 18391)
    instance.run.mkdir(parents=True)
    instance.logs.mkdir()
    instance.save()
    supervisor = Supervisor(instance)
    up = tmp_path / "up"
    # Once it says so: SIGTERM between fork and exec is lost, and the end is waited for 15 s.
    command = ["sh", "-c", f"echo $$ > {up}; exec sleep 600"]
    part = Program("hub", command, ("sh", "-c", f"kill -0 $(cat {up})"), inside=False)
    supervisor.configure([part])
    try:
        supervisor.start(part)
        yield supervisor
    finally:
        supervisor.shut_down()


def test_status_and_restart_need_nothing_of_the_build_cache(platform, capsys):
    assert main(["status", "--name", "unit", "--json"]) == 0
    (part,) = json.loads(capsys.readouterr().out)["parts"].values()
    assert (part["state"], part["healthy"]) == ("RUNNING", True)
    assert main(["restart", "--name", "unit", "hub"]) == 0
    _, process = platform.states()["hub"]
    assert process not in {0, part["pid"]}
    assert main(["restart", "--name", "unit", "nosuch"]) == 2


def test_after_it_was_stopped_its_parts_are_shown_as_stopped(platform, capsys):
    platform.shut_down()
    assert main(["status", "--name", "unit", "--json"]) == 3
    (part,) = json.loads(capsys.readouterr().out)["parts"].values()
    assert (part["state"], part["healthy"]) == ("STOPPED", False)
    assert main(["restart", "--name", "unit", "hub"]) == 1
    assert "is not running. Start it: make up" in capsys.readouterr().out
