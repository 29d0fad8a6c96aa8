"""Registries that want to know who asks, and hosts that are not to know."""

import json
import threading

import pytest
from gpucommons_config.pinning.auth_files import AuthFiles
from gpucommons_spawner.catalogue.reference import ImageReference

from tests.unit.config.looking_up import complaint, look_up, registries
from tests.unit.config.played_registry import (
    Reply,
    Request,
)


async def test_a_token_is_fetched_by_the_challenge_and_used_for_the_whole_repository(
    registry, login
):
    registry.push("lab/scipy", "1")
    registry.push("lab/scipy", "2", seed="another")
    registry.requires_token(f"{registry.url}/token?kept=yes")
    registry.users = {"ada": "secret"}
    async with registries(login(registry.host)) as opened:
        for tag in ("1", "2"):
            reference = ImageReference.parse(f"{registry.host}/lab/scipy:{tag}")
            found = await opened.look_up(reference)
            assert found.digest == registry.tags["lab/scipy", tag]
    (token,) = [each for each in registry.asked if each.path == "/token"]
    assert token.query == [
        ("kept", "yes"),
        ("service", "the registry"),
        ("scope", "repository:lab/scipy:pull"),
    ]


async def test_anybody_gets_a_token_for_a_public_image(registry):
    digest = registry.push("scipy", "1")
    registry.requires_token(f"{registry.url}/token")
    assert (await look_up(f"{registry.host}/scipy:1")).digest == digest
    (token,) = [each for each in registry.asked if each.path == "/token"]
    assert "authorization" not in token.headers


async def test_a_token_that_stands_for_user_and_password_is_exchanged(registry, login):
    digest = registry.push("scipy", "1")
    registry.requires_token(f"{registry.url}/token")
    registry.users = {"": "refresh me"}
    files = login(registry.host, "00000000", "", identitytoken="refresh me")
    assert (await look_up(f"{registry.host}/scipy:1", files)).digest == digest


async def test_a_token_that_has_run_out_is_fetched_anew(registry):
    registry.push("scipy", "1")
    registry.push("scipy", "2")
    registry.requires_token(f"{registry.url}/token")
    spent = threading.Event()

    def once(request: Request) -> Reply | None:
        if request.path.endswith("/2") and not spent.is_set() and request.method == "HEAD":
            spent.set()
            return Reply(401, {"WWW-Authenticate": f'Bearer realm="{registry.url}/token"'})
        return None

    registry.instead = once
    async with registries() as opened:
        for tag in ("1", "2"):
            await opened.look_up(ImageReference.parse(f"{registry.host}/scipy:{tag}"))
    assert len([each for each in registry.asked if each.path == "/token"]) == 2


async def test_a_password_is_sent_to_a_registry_that_asks_for_it_and_not_before(registry, login):
    digest = registry.push("scipy", "1")
    registry.requires_password("ada", "secret")
    assert (await look_up(f"{registry.host}/scipy:1", login(registry.host))).digest == digest
    sent = ["authorization" in each.headers for each in registry.asked if each.path != "/v2/"]
    assert sent == [False, True, True]


async def test_another_host_never_gets_the_credentials(registry, other, login):
    digest = registry.push("scipy", "1")
    other.contents, other.tags = registry.contents, registry.tags
    registry.requires_password("ada", "secret")

    def elsewhere(request: Request) -> Reply | None:
        if "authorization" in request.headers:
            return Reply(307, {"Location": f"{other.url}{request.path}"})
        return None

    registry.instead = elsewhere
    assert (await look_up(f"{registry.host}/scipy:1", login(registry.host))).digest == digest
    assert other.asked
    assert not [each for each in other.asked if "authorization" in each.headers]


async def test_a_host_that_was_sent_to_cannot_ask_for_the_credentials(registry, other, login):
    registry.instead = lambda request: Reply(302, {"Location": f"{other.url}{request.path}"})
    other.requires_token(f"{other.url}/token")
    told = await complaint(f"{registry.host}/scipy:1", login(registry.host))
    assert f"redirects to {other.host}, which asks for a sign-in of its own" in told
    assert not [each for each in other.asked if each.path == "/token"]


async def test_who_has_no_credentials_is_told_where_they_were_looked_for(registry, tmp_path):
    registry.requires_password("ada", "secret")
    files = AuthFiles([tmp_path / "auth.json"], named=False)
    told = await complaint(f"{registry.host}/scipy:1", files)
    assert told == (
        f"{registry.host} does not let us look at scipy without credentials. There are none for "
        f"it in {tmp_path / 'auth.json'}; sign in: podman login --authfile FILE {registry.host}, "
        "and name FILE with --authfile"
    )


async def test_credentials_that_are_not_accepted_are_named_and_not_shown(registry, login):
    registry.requires_token(f"{registry.url}/token")
    registry.users = {"ada": "another"}
    told = await complaint(f"{registry.host}/scipy:1", login(registry.host))
    assert "with the credentials of ada from" in told
    assert "sign in again: podman login" in told
    assert "secret" not in told


async def test_a_token_that_does_not_open_is_refused(registry, login):
    registry.requires_token(f"{registry.url}/token")
    registry.accepts = set()
    told = await complaint(f"{registry.host}/scipy:1", login(registry.host))
    assert "with the credentials of ada" in told


@pytest.mark.parametrize("status", [401, 404])
async def test_a_program_that_keeps_credentials_is_said_to_be_unsupported(
    registry, tmp_path, status
):
    registry.instead = lambda request: Reply(
        status if request.path != "/v2/" else 200, {"WWW-Authenticate": "Basic realm=x"}
    )
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {registry.host: {}}, "credsStore": "desktop"}))
    told = await complaint(f"{registry.host}/scipy:1", AuthFiles([file], named=True))
    assert f"{file} leaves them to the program docker-credential-desktop, and such programs" in told
    assert f"podman login --authfile FILE {registry.host}" in told


@pytest.mark.parametrize(
    ("challenge", "says"),
    [
        ("Negotiate", "offers negotiate; Bearer and Basic are supported"),
        ("", "offers nothing"),
        ("Bearer", "something that is not an address: empty"),
        ('Bearer realm="/token"', "something that is not an address: /token"),
        ('Bearer realm="ftp://x/"', "something that is not an address"),
        ('Bearer realm="http://[/"', "something that is not an address"),
        ('Bearer realm="http://auth.example/token"', "--plain-http auth.example"),
    ],
)
async def test_a_challenge_that_cannot_be_met_is_told(registry, login, challenge, says):
    registry.instead = lambda request: (
        Reply(401, {"WWW-Authenticate": challenge}) if request.path != "/v2/" else None
    )
    assert says in await complaint(f"{registry.host}/scipy:1", login(registry.host))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {}, b"{}"),
        Reply(200, {}, b"<html>"),
        Reply(200, {}, b'{"token": 7}'),
        Reply(200, {}, b'{"token": "a\\r\\nb"}'),
        Reply(200, {}, b"[" * 100_000),
        Reply(500, {}, b'{"token": "good"}'),
    ],
)
async def test_an_answer_without_token_is_told(registry, reply):
    registry.requires_token(f"{registry.url}/token")
    registry.instead = lambda request: reply if request.path == "/token" else None
    assert "and no token; try again later" in await complaint(f"{registry.host}/scipy:1")
