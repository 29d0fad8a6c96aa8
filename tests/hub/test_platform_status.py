"""How the platform is, also where what it was built of is gone."""

import json
import tempfile

import pytest
from gpucommons_config.command import main
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.supervision import Program, Supervisor
from gpucommons_local.platform import LATER_BUILDS

from tests.waiting import until


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
    # What it stands in for builds for minutes; this one fails, when the test says so.
    later = ["sh", "-c", f"until test -e {tmp_path}/fail; do sleep 0.05; done; exit 3"]
    supervisor.configure([part, Program(LATER_BUILDS, later, inside=False, once=True)])
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


def test_it_says_what_is_built_after_the_start_and_that_this_failed(platform, tmp_path, capsys):
    def later():
        assert main(["status", "--name", "unit", "--json"]) == 0
        return json.loads(capsys.readouterr().out)["later_builds"]

    assert later()["state"] == "not being built"
    (builds,) = [each for each in platform.recorded() if each.name == LATER_BUILDS]
    platform.start(builds)
    assert later()["state"] == "being built"
    assert later()["missing"] == [
        "Kueue, network policies",
        "restic, rest-server",
        "Image scipy:2026.05",
    ]
    (tmp_path / "fail").touch()
    until(lambda: later()["state"] == "failed")
    assert main(["status", "--name", "unit"]) == 0
    said = capsys.readouterr().out
    missing = "Kueue, network policies, restic, rest-server, Image scipy:2026.05"
    assert f"failed, again with make up: {missing}" in " ".join(said.split())
    assert str(platform.log(LATER_BUILDS)) in said
    assert platform.states()[LATER_BUILDS][0] == "EXITED"  # and is not tried for ever


def test_it_says_that_sizes_are_not_enforced_and_why(platform, capsys):
    def told():
        assert main(["status", "--name", "unit", "--json"]) == 0
        return json.loads(capsys.readouterr().out)["sizes_not_enforced"]

    assert told() is None
    # As `up` leaves it where an image cannot be mounted.
    (Instance("unit").run / "sizes-not-enforced").write_text("mount: no loop device")
    assert "(mount: no loop device)" in told()
    assert main(["status", "--name", "unit"]) == 0
    assert "Sizes of volumes are not enforced" in " ".join(capsys.readouterr().out.split())


def test_a_build_that_failed_is_begun_again(platform, tmp_path):
    (builds,) = [each for each in platform.recorded() if each.name == LATER_BUILDS]
    (tmp_path / "fail").touch()
    platform.start(builds)
    until(lambda: platform.exit_status(LATER_BUILDS) == 3)
    (tmp_path / "fail").unlink()
    assert platform.start(builds)
    assert platform.states()[LATER_BUILDS][0] == "RUNNING"
