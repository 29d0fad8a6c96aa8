"""The command with --after, against a played hub: what it says, and that it leaves nothing."""

import asyncio
import json
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from gpucommons_config.command import main
from gpucommons_doctor.after.session import SERVER

from tests.interruptible import interruptible

from ..conftest import CATALOGUE
from .played_hub import PASSWORD, PERSON, TOKEN, PlayedHub, server_model

_WHERE = ["--hub", "https://h", "--catalogue", str(CATALOGUE)]
STEPS = ["sign-in", "start", "server", "kernel", "gpu", "files", "network", "stop"]


@pytest.fixture
async def hub():
    played = PlayedHub()
    server = played.listen()
    yield played
    server.stop()
    await server.close_all_connections()


@pytest.fixture
def token(tmp_path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.fixture
def password(tmp_path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return file


def _given(hub, *more):
    return ["doctor", "--after", "--hub", hub.url, "--catalogue", str(CATALOGUE), *map(str, more)]


@pytest.fixture
def look(hub, token, capsys):
    """Look with a token; gives the exit code, and what came of each step by its name."""

    async def look(*more):
        arguments = _given(
            hub, "--json", *(more if "--user" in more else ["--token-file", token, *more])
        )
        code = await asyncio.to_thread(main, arguments)
        steps = json.loads(capsys.readouterr().out)["steps"]
        assert [each["name"] for each in steps] == STEPS
        return code, {each["name"]: each for each in steps}

    return look


def _states(steps):
    return [each["state"] for each in steps.values()]


async def test_a_sound_installation_is_shown_with_the_seconds_of_each_step(hub, token, capsys):
    assert await asyncio.to_thread(main, _given(hub, "--token-file", token)) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    rows = [line for line in lines if line and line[0] in STEPS]
    assert [line[:2] for line in rows] == [[name, "good"] for name in STEPS]
    assert all(float(line[2]) >= 0 for line in rows)


async def test_nothing_is_left_of_a_look(hub, look):
    code, _ = await look()
    assert code == 0
    assert hub.servers == {}
    assert hub.files == {}
    assert hub.tokens == [TOKEN]


async def test_the_file_is_read_in_a_second_session(hub, look):
    _, steps = await look()
    starts = [
        each
        for each in hub.asked
        if each == f"POST /hub/api/users/ada%40example.org/servers/{SERVER}"
    ]
    assert len(starts) == 2
    assert steps["files"]["state"] == "good"


async def test_without_a_wish_it_is_the_first_of_the_catalogue(hub, look):
    _, steps = await look()
    assert hub.options == {"environment": "scipy", "size": "cpu"}
    assert "no GPU, so none was looked for" in steps["gpu"]["found"]


async def test_what_is_wished_is_started(hub, look):
    hub.gpus = ["NVIDIA H200"]
    code, steps = await look("--size", "whole", "--team", "vision")
    assert code == 0
    assert hub.options == {"environment": "scipy", "size": "whole", "team": "vision"}
    assert steps["gpu"]["found"] == "The kernel sees 1 GPU: NVIDIA H200."


@pytest.mark.parametrize("chooser", [False, True])
async def test_a_password_goes_to_dexs_form_and_its_token_is_taken_back(
    hub, look, password, chooser
):
    hub.chooser = chooser
    code, steps = await look("--user", PERSON, "--password-file", password)
    assert code == 0
    assert "signed in at 127.0.0.1" in steps["sign-in"]["found"]
    assert hub.tokens == [TOKEN]
    assert hub.is_asked("DELETE", "tokens/a7")


async def test_a_password_that_is_wrong_is_told_apart(look, password):
    password.write_text("wrong")
    code, steps = await look("--user", PERSON, "--password-file", password)
    assert code == 1
    assert steps["sign-in"]["found"] == f"Dex does not take the password of {PERSON}."
    assert _states(steps) == ["fault", *["not tried"] * 7]


async def test_a_way_in_without_passwords_is_named(hub, look, password):
    hub.chooser = True
    code, steps = await look("--user", PERSON, "--password-file", password, "--connector", "github")
    assert code == 1
    assert "/dex/auth/github with 404" in steps["sign-in"]["found"]
    _, steps = await look("--user", PERSON, "--password-file", password, "--connector", "ldap")
    assert "/dex/auth has no form for a password" in steps["sign-in"]["found"]
    assert "--connector" in steps["sign-in"]["advice"]


async def test_a_hub_that_people_open_at_another_address_is_told(hub, password, capsys):
    arguments = _given(hub, "--user", PERSON, "--password-file", password, "--json")
    arguments[arguments.index(hub.url)] = f"{hub.url.replace('127.0.0.1', 'localhost')}/hub/"
    hub.leads_to = hub.url
    assert await asyncio.to_thread(main, arguments) == 1
    first = json.loads(capsys.readouterr().out)["steps"][0]
    assert f"led to {hub.url}/hub/home, which is not at --hub" in first["found"]


async def test_a_token_that_nobody_knows_is_told(look, token):
    token.write_text("forgotten")
    code, steps = await look()
    assert code == 1
    assert steps["sign-in"]["found"] == "The hub does not know the token."
    assert "/hub/token" in steps["sign-in"]["advice"]


async def test_a_services_token_is_not_a_persons(hub, look):
    hub.token_kind = "service"
    _, steps = await look()
    assert "a service's, not a person's" in steps["sign-in"]["found"]


async def test_a_session_that_is_there_already_is_left_as_it_is(hub, look):
    hub.servers = {SERVER: server_model(), "": server_model()}
    code, steps = await look()
    assert code == 1
    assert "already has a session" in steps["start"]["found"]
    assert "/hub/home" in steps["start"]["advice"]
    assert _states(steps) == ["good", "fault", *["not tried"] * 6]
    assert set(hub.servers) == {SERVER, ""}
    assert not hub.is_asked("DELETE", SERVER)


async def test_the_persons_own_session_is_not_touched(hub, look):
    hub.servers = {"": server_model()}
    code, _ = await look()
    assert code == 0
    assert set(hub.servers) == {""}
    assert not hub.is_asked("DELETE", "/server")


async def test_a_refused_start_says_what_the_hub_says_and_leaves_no_name(hub, look):
    hub.refusal = 403, "The size whole is for other groups. Choose one of cpu."
    code, steps = await look()
    assert code == 1
    assert "The size whole is for other groups." in steps["start"]["found"]
    assert _states(steps) == ["good", "fault", *["not tried"] * 5, "good"]
    assert hub.servers == {}


async def test_a_session_that_another_look_began_meanwhile_goes_on(hub, look):
    hub.refusal, hub.after_refusal = (400, "It is already running"), {SERVER: server_model()}
    _, steps = await look()
    assert _states(steps) == ["good", "fault", *["not tried"] * 6]
    assert hub.servers == {SERVER: server_model()}


async def test_a_hub_without_named_servers_is_told_and_asked_to_stop_none(hub, look):
    hub.refusal, hub.after_refusal = (400, "Named servers are not enabled."), {}
    _, steps = await look()
    assert "Named servers are not enabled." in steps["start"]["found"]
    assert _states(steps) == ["good", "fault", *["not tried"] * 6]
    assert not hub.is_asked("DELETE", SERVER)


async def test_a_start_that_something_between_gave_up_on_is_stopped(hub, look):
    hub.refusal, hub.after_refusal = (504, "Gateway Time-out"), {SERVER: server_model()}
    _, steps = await look()
    assert steps["stop"]["state"] == "good"
    assert hub.servers == {}


async def test_a_start_that_fails_says_why_and_is_cleared_away(hub, look):
    hub.failure = "Spawn failed: no node has room."
    code, steps = await look()
    assert code == 1
    assert "no node has room" in steps["start"]["found"]
    assert "kubectl get events" in steps["start"]["advice"]
    assert hub.servers == {}


async def test_a_start_that_takes_too_long_is_stopped_again(hub, look):
    hub.never_ready = True
    code, steps = await look("--timeout", "2")
    assert code == 1
    assert steps["start"]["found"] == "Not done within 2 seconds. It waits for a node."
    assert "--timeout" in steps["start"]["advice"]
    assert steps["stop"]["state"] == "good"
    assert hub.servers == {}


async def test_a_page_that_does_not_come_is_shown_with_its_heading(hub, look):
    hub.page_status = 503
    code, steps = await look()
    assert code == 1
    assert "with 503: Service unavailable" in steps["server"]["found"]
    assert _states(steps) == ["good", "good", "fault", *["not tried"] * 4, "good"]
    assert hub.servers == {}


async def test_websockets_that_do_not_get_through_are_told(hub, look):
    hub.socket_status = 400
    code, steps = await look()
    assert code == 1
    assert "WebSocket was answered with 400" in steps["kernel"]["found"]
    assert "WebSockets must get through" in steps["kernel"]["advice"]


async def test_a_kernel_that_goes_away_is_told(hub, look):
    hub.kernel_dies = True
    _, steps = await look()
    assert "closed before the end" in steps["kernel"]["found"]


async def test_a_kernel_without_the_driver_sees_no_gpu(hub, look):
    code, steps = await look("--size", "share")
    assert code == 1
    assert steps["gpu"]["found"].startswith("No GPU is seen. The cell failed. OSError: libnvidia")
    assert "runtime" in steps["gpu"]["advice"]


async def test_a_kernel_that_sees_more_gpus_than_it_has_is_told(hub, look):
    hub.gpus = ["NVIDIA H200"] * 8
    code, steps = await look("--size", "whole")
    assert code == 1
    assert "The kernel sees 8 GPUs" in steps["gpu"]["found"]
    assert "The size whole has 1." in steps["gpu"]["found"]


async def test_a_file_that_is_gone_after_the_second_start_is_told(hub, look):
    hub.forgets_files = True
    code, steps = await look()
    assert code == 1
    assert "is not there after the second start" in steps["files"]["found"]
    assert "kubectl get pvc" in steps["files"]["advice"]
    assert steps["stop"]["state"] == "good"


async def test_a_second_start_that_fails_says_which_file_stays(hub, look):
    hub.failure_of_second = "Spawn failed: no node has room."
    code, steps = await look()
    assert code == 1
    assert "which stays there: The start failed. Spawn failed" in steps["files"]["found"]
    (file,) = hub.files
    assert file in steps["files"]["found"]
    assert hub.servers == {}


async def test_a_session_that_cannot_be_stopped_is_told(hub, look):
    hub.page_status, hub.stop_status = 503, 500
    code, steps = await look()
    assert code == 1
    assert "could not be stopped: The pod does not go away." in steps["stop"]["found"]
    assert "It may still run." in steps["stop"]["advice"]


async def test_a_hub_that_does_not_answer_is_told(hub, token, capsys):
    arguments = _given(hub, "--token-file", token, "--json")
    arguments[arguments.index(hub.url)] = "http://127.0.0.1:9"
    assert await asyncio.to_thread(main, arguments) == 1
    first, *others = json.loads(capsys.readouterr().out)["steps"]
    assert "http://127.0.0.1:9 cannot be reached from here" in first["found"]
    assert {each["state"] for each in others} == {"not tried"}


@asynccontextmanager
async def _program(*arguments):
    process = await asyncio.create_subprocess_exec(
        *interruptible(*arguments), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_ctrl_c_stops_what_was_started(hub, token):
    hub.never_ready = True
    async with _program(*_given(hub, "--token-file", token, "--json")) as process:
        await hub.starting.wait()
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
    assert process.returncode == 2
    steps = {each["name"]: each for each in json.loads(out)["steps"]}
    assert steps["start"]["found"].startswith("Interrupted.")
    assert steps["stop"]["state"] == "good"
    assert hub.servers == {}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--hub https://HOST"),
        (["--hub", "hub.example.org"], "--hub https://HOST"),
        (["--hub", "https://h", "--ca", "gone"], "Correct --ca"),
        (["--only", "dex", "--metrics", "f"], "no checks: leave out --only and --metrics."),
        (["--hub", "https://h"], "--catalogue FILE"),
        ([*_WHERE, "--size", "huge"], "no size huge. Choose one of cpu,"),
        (_WHERE, "--user NAME"),
        ([*_WHERE, "--password-file", "f"], "--user NAME"),
        ([*_WHERE, "--user", "ada", "--token-file", "f"], "--user NAME"),
        ([*_WHERE, "--token-file", "gone"], "gone cannot be read"),
        ([*_WHERE, "--token-file", "/dev/null"], "must hold one line"),
        ([*_WHERE, "--user", "ada"], "--password-file"),
    ],
)
def test_what_is_given_wrongly_is_told_and_nothing_is_started(arguments, said, capsys):
    assert main(["doctor", "--after", *arguments]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_the_password_is_asked_for_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("gpucommons_doctor.after.command.getpass", lambda prompt: prompt)
    unreachable = ["--hub", "http://127.0.0.1:9", "--catalogue", str(CATALOGUE), "--user", "ada"]
    assert main(["doctor", "--after", *unreachable]) == 1
    assert "127.0.0.1:9 cannot be reached" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("reached", "state", "says"),
    [
        ("closed", "good", "NetworkPolicies are enforced"),
        ("open", "fault", "reaches the API server, and so any pod reaches any other"),
        ("no pod", "good", "in no pod, so its network was not checked"),
    ],
)
async def test_what_policies_forbid_is_tried(hub, look, reached, state, says):
    hub.network = reached
    code, steps = await look()
    assert (code, steps["network"]["state"]) == (0 if state == "good" else 1, state)
    assert says in steps["network"]["found"]
    assert steps["stop"]["state"] == "good"
