"""The start probe against a played hub: what it counts as a failure, and what it does not."""

import argparse
import asyncio

import pytest
from gpucommons_config.command import main
from gpucommons_doctor.after.session import SERVER
from gpucommons_doctor.installation import read_installation
from gpucommons_doctor.probe.command import add_parsers
from gpucommons_doctor.probe.look import STEPS, chosen
from gpucommons_doctor.probe.running import Probe
from gpucommons_people.errors import InputError
from gpucommons_spawner.catalogue import Catalogue

from ..after.played_hub import PASSWORD, PERSON, TOKEN, PlayedHub, server_model
from ..conftest import CATALOGUE

_BY_CPU = [each.name for each in STEPS if each.name != "gpu"]


@pytest.fixture
async def hub():
    played = PlayedHub()
    server = played.listen()
    yield played
    server.stop()
    await server.close_all_connections()


@pytest.fixture
def probe(hub, tmp_path):
    """Make a probe of the played hub."""

    def make(*more):
        (tmp_path / "password").write_text(PASSWORD)
        arguments = ["probe", "--hub", hub.url, "--user", PERSON, "--catalogue", str(CATALOGUE)]
        secret = ["--password-file", str(tmp_path / "password")]
        parser = argparse.ArgumentParser()
        add_parsers(parser.add_subparsers())
        return Probe(parser.parse_args([*arguments, *secret, "--every", "0.01", *more]))

    return make


def _looks(probe, result):
    return probe.metrics.registry.get_sample_value(
        "gpucommons_probe_looks_total", {"result": result}
    )


def _steps(probe, state):
    """How often each step ended in a state, of those that ever did."""
    found = {
        each.name: probe.metrics.registry.get_sample_value(
            "gpucommons_probe_steps_total", {"step": each.name, "state": state}
        )
        for each in STEPS
    }
    return {name: count for name, count in found.items() if count}


def _last_good(probe):
    return probe.metrics.registry.get_sample_value("gpucommons_probe_last_good_timestamp_seconds")


async def test_a_good_look_is_counted_with_the_seconds_of_each_step_and_leaves_nothing(hub, probe):
    looking = probe()
    assert (_looks(looking, "failed"), _last_good(looking)) == (0, 0), "there is a 0 before a 1"
    await looking.step()
    await looking.step()
    assert _looks(looking, "good") == 2
    assert _steps(looking, "good") == dict.fromkeys(_BY_CPU, 2)
    assert _steps(looking, "failed") == {}
    text = looking.metrics.exposition().decode()
    for name in _BY_CPU:
        assert f'gpucommons_probe_step_seconds_count{{step="{name}"}} 2.0' in text
    assert _last_good(looking) > 1.7e9
    assert (hub.servers, hub.files, hub.tokens) == ({}, {}, [TOKEN])


@pytest.mark.parametrize(
    ("fault", "step"),
    [
        ({"failure": "Spawn failed: the image cannot be pulled."}, "start"),
        ({"refusal": (503, "The API server does not answer.")}, "start"),
        ({"never_ready": True}, "start"),
        ({"page_status": 503}, "server"),
        ({"kernel_dies": True}, "kernel"),
        ({"files_status": 500}, "files"),
        ({"stop_status": 500}, "clear"),
    ],
)
async def test_what_the_platform_does_not_do_is_a_failure_of_its_step(hub, probe, fault, step):
    looking = probe("--timeout", "2")
    for name, value in fault.items():
        setattr(hub, name, value)
    await looking.step()
    assert _looks(looking, "failed") == 1
    assert _steps(looking, "failed") == {step: 1}
    assert "sign-in" in _steps(looking, "good")
    assert _last_good(looking) == 0


async def test_a_password_that_is_not_taken_is_a_failure(probe, tmp_path):
    looking = probe()
    (tmp_path / "password").write_text("another one")
    await looking.step()
    assert _steps(looking, "failed") == {"sign-in": 1}
    (tmp_path / "password").write_text(PASSWORD)
    await looking.step()
    assert (_looks(looking, "failed"), _looks(looking, "good")) == (1, 1)


@pytest.mark.parametrize(
    ("why", "result"),
    [
        ({"never_ready": True, "in_queue": True}, "waited"),
        ({"refusal": (409, "You hold 1 of 1 session.")}, "turned-down"),
        ({"refusal": (403, "The size cpu is for other groups.")}, "turned-down"),
    ],
)
async def test_a_turn_that_does_not_come_is_no_failure_and_the_place_is_given_back(
    hub, probe, why, result
):
    looking = probe("--timeout", "2")
    for name, value in why.items():
        setattr(hub, name, value)
    await looking.step()
    assert _looks(looking, result) == 1
    assert _looks(looking, "failed") == 0
    assert _steps(looking, "failed") == {}
    assert _last_good(looking) == 0
    assert hub.servers == {}


async def test_what_a_probe_that_was_killed_left_is_stopped_first(hub, probe):
    hub.servers = {SERVER: server_model()}
    looking = probe()
    await looking.step()
    assert _looks(looking, "good") == 1
    assert hub.servers == {}


async def test_a_probe_that_is_ended_meanwhile_stops_its_session_and_ends(hub, probe):
    hub.never_ready = True
    looking = probe()
    task = asyncio.create_task(looking.step())
    await hub.starting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _looks(looking, "unknown") == 1
    assert hub.servers == {}


async def test_without_what_it_is_given_it_has_not_looked_and_goes_on(hub, probe, tmp_path):
    looking = probe()
    (tmp_path / "password").unlink()
    await looking.step()
    assert _looks(looking, "unknown") == 1
    assert hub.asked == []


async def test_a_size_with_a_gpu_reads_it(hub, probe):
    looking = probe("--size", "whole")
    hub.gpus = ["NVIDIA H200"]
    await looking.step()
    assert hub.options["size"] == "whole"
    assert _steps(looking, "good")["gpu"] == 1
    hub.gpus = []
    await looking.step()
    assert _steps(looking, "failed") == {"gpu": 1}


def test_without_a_wish_the_smallest_size_is_started():
    catalogue = read_installation(CATALOGUE).catalogue
    assert chosen(catalogue, "", "", "").size_name == "cpu"
    said = catalogue.model_dump(exclude_unset=True)
    said["sizes"]["cpu"]["disabled"] = "Soon."
    assert chosen(Catalogue.model_validate(said), "", "", "").size_name == "slice"
    with pytest.raises(InputError, match="no size huge"):
        chosen(catalogue, "", "huge", "")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--hub", "hub.example.org"], "--hub https://HOST"),
        (["--hub", "https://h", "--ca", "gone"], "Correct --ca"),
    ],
)
def test_what_can_never_be_used_ends_it_at_once(wrong, said, capsys):
    given = ["--user", "a", "--password-file", "f", "--catalogue", str(CATALOGUE)]
    assert main(["probe", *wrong, *given]) == 2
    assert said in capsys.readouterr().err
