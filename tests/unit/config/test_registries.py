"""Tags are looked up at a registry that answers, as others do and as it should not."""

import json

import httpx
import pytest
from gpucommons_config.pinning.calls import LONGEST_ANSWER
from gpucommons_config.pinning.registries import Found

from tests.unit.config.looking_up import complaint, look_up
from tests.unit.config.played_registry import (
    CONFIG,
    INDEX,
    MANIFEST,
    Reply,
    Request,
    digest_of,
)

# What is found


async def test_a_tag_is_the_digest_that_the_registry_names_and_its_content_has(registry):
    digest = registry.push("lab/scipy", "1")
    assert await look_up(f"{registry.host}/lab/scipy:1") == Found(digest)
    assert registry.questions() == [
        ("HEAD", "/v2/lab/scipy/manifests/1"),
        ("GET", f"/v2/lab/scipy/manifests/{digest}"),
    ]
    accepted = registry.asked[-1].headers["accept"]
    for media_type in (
        INDEX,
        MANIFEST,
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ):
        assert media_type in accepted


async def test_a_digest_that_is_known_is_no_download(registry):
    digest = registry.push("scipy", "1")
    assert await look_up(f"{registry.host}/scipy:1", known=[digest]) == Found(digest)
    assert [method for method, _ in registry.questions()] == ["HEAD"]


async def test_a_name_without_tag_is_latest(registry):
    digest = registry.push("scipy", "latest")
    assert (await look_up(f"{registry.host}/scipy")).digest == digest


@pytest.mark.parametrize("status", [404, 405, 500])
async def test_a_registry_that_answers_no_head_is_asked_by_get(registry, status):
    digest = registry.push("scipy", "1")
    registry.instead = lambda request: Reply(status) if request.method == "HEAD" else None
    assert (await look_up(f"{registry.host}/scipy:1")).digest == digest


async def test_a_registry_that_names_no_digest_has_it_computed(registry):
    digest = registry.push("scipy", "1")
    media_type, content = registry.contents[digest]
    registry.instead = lambda request: Reply(200, {"Content-Type": media_type}, content)
    assert (await look_up(f"{registry.host}/scipy:1")).digest == digest


async def test_platforms_are_those_of_the_index(registry):
    registry.push("scipy", "1", "linux/amd64", "linux/arm64/v8", "unknown/unknown")
    found = await look_up(f"{registry.host}/scipy:1", platforms=True)
    assert found.platforms == ("linux/amd64", "linux/arm64/v8")


async def test_the_platform_of_a_single_image_is_that_of_its_configuration(registry, other, login):
    """Registries send to a store elsewhere for it, without their credentials."""
    digest = registry.push("scipy", "1", "linux/arm64", as_index=False)
    other.contents = registry.contents
    registry.requires_password("ada", "secret")

    def elsewhere(request: Request) -> Reply | None:
        if "/blobs/" in request.path and "authorization" in request.headers:
            return Reply(307, {"Location": f"{other.url}{request.path}"})
        return None

    registry.instead = elsewhere
    found = await look_up(f"{registry.host}/scipy:1", login(registry.host), platforms=True)
    assert found == Found(digest, ("linux/arm64",))
    (asked,) = other.asked
    assert "authorization" not in asked.headers


async def test_an_index_that_does_not_say_is_not_said_to_lack_a_platform(registry):
    silent = {"schemaVersion": 2, "manifests": [{"digest": f"sha256:{'1' * 64}"}]}
    registry.tags["scipy", "1"] = registry.keep(INDEX, json.dumps(silent).encode())
    assert (await look_up(f"{registry.host}/scipy:1", platforms=True)).platforms is None


async def test_docker_io_is_asked_at_its_own_address_with_short_names_in_full(registry):
    digest = registry.push("library/debian", "12")

    class Routed(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            request.url = request.url.copy_with(
                scheme="http", host="127.0.0.1", port=int(registry.host.partition(":")[2])
            )
            return await super().handle_async_request(request)

    asked: list[str] = []
    client = httpx.AsyncClient(transport=Routed(), timeout=None)
    assert (await look_up("debian:12", client=client)).digest == digest
    assert asked[0] == "https://registry-1.docker.io/v2/library/debian/manifests/12"
    assert registry.asked[0].headers["host"] == "registry-1.docker.io"


# What goes wrong


async def test_a_tag_that_is_not_there_is_told_with_what_the_registry_says(registry):
    registry.push("scipy", "1")
    told = await complaint(f"{registry.host}/scipy:2")
    assert told.startswith(
        f"{registry.host} has no scipy:2 (MANIFEST_UNKNOWN: manifest unknown); push it, or name"
    )


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(429, {"Retry-After": "90"}), "asked too often (429); try again in 90 seconds"),
        (Reply(429, {"Retry-After": "soon\x07"}), "asked too often (429); try again later"),
        (Reply(503), "cannot answer now (503); try again later"),
        (Reply(418), "answers 418 for scipy:1; is it a registry?"),
        (Reply(403), "does not let us look at scipy without credentials"),
        (Reply(200, {}, b"<html>Welcome</html>"), "something that is not a manifest"),
        (Reply(200, {}, b"[" * 100_000), "something that is not a manifest"),
        (Reply(200, {}, b'{"schemaVersion": 1}'), "a format of 2015"),
        (Reply(200, {"Docker-Content-Digest": "sha256:1"}), "names scipy:1 by 'sha256:1'; only"),
        (Reply(200, {"Docker-Content-Digest": f"sha512:{'1' * 128}"}), "only sha256: with 64"),
        (Reply(200, {"Content-Encoding": "gzip"}, b"no gzip"), "not answer in proper HTTP"),
        (Reply(302, {"Location": "/v2/scipy/manifests/1"}), "redirects without end"),
        (Reply(302, {"Location": "http://[/"}), "something that is not an address"),
        (Reply(302, {"Location": "file:///etc/passwd"}), "an address without HTTPS"),
        (Reply(302, {"Location": "http://else.example/x"}), "asked without TLS"),
    ],
)
async def test_answers_that_are_of_no_use_are_told(registry, reply, says):
    registry.instead = lambda request: reply if request.path != "/v2/" else None
    assert says in await complaint(f"{registry.host}/scipy:1")


async def test_what_a_registry_says_is_shown_on_one_line(registry):
    evil = {"errors": [{"code": "DENIED", "message": "a\x1b[31m\nb" + "c" * 1000}]}
    registry.instead = lambda request: Reply(404, {}, json.dumps(evil).encode())
    told = await complaint(f"{registry.host}/scipy:1")
    assert "(DENIED: a [31m bccc" in told
    assert told.isprintable()
    assert len(told) < 1000


async def test_content_that_is_not_of_the_digest_is_refused(registry):
    digest = registry.push("scipy", "1")
    another = registry.push("scipy", "2", seed="another")
    registry.contents[digest] = registry.contents[another]
    media_type, content = registry.contents[another]
    registry.instead = lambda request: (
        Reply(200, {"Content-Type": media_type, "Docker-Content-Digest": digest}, content)
        if request.path != "/v2/"
        else None
    )
    told = await complaint(f"{registry.host}/scipy:1")
    assert f"calls scipy:1 {digest}, but what it sends is {another}" in told


async def test_a_configuration_that_is_not_of_the_digest_is_refused(registry):
    registry.push("scipy", "1", as_index=False)
    for digest, (media_type, _) in list(registry.contents.items()):
        if media_type == CONFIG:
            registry.contents[digest] = (CONFIG, b'{"os": "linux", "architecture": "amd64"}')
    told = await complaint(f"{registry.host}/scipy:1", platforms=True)
    assert "does not have all of scipy:1; push it again" in told


@pytest.mark.parametrize(
    ("manifest", "sent_as", "says"),
    [
        (
            {"layers": [], "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json"}},
            MANIFEST,
            "is not a container image",
        ),
        (
            {"mediaType": MANIFEST, "layers": [], "config": {"mediaType": CONFIG}},
            INDEX,
            "says that it is something else",
        ),
        ({"layers": []}, MANIFEST, "not a manifest"),
    ],
)
async def test_what_is_no_image_is_refused(registry, manifest, sent_as, says):
    content = json.dumps({"schemaVersion": 2, **manifest}).encode()
    registry.tags["chart", "1"] = registry.keep(sent_as, content)
    assert says in await complaint(f"{registry.host}/chart:1")


async def test_an_answer_of_any_length_is_not_read_to_its_end(registry):
    registry.instead = lambda request: Reply(200, {}, b" " * (LONGEST_ANSWER + 1))
    assert "sends more than 4 MiB" in await complaint(f"{registry.host}/scipy:1")


def test_the_test_counts_digests_as_registries_do():
    assert digest_of(b"") == "sha256:" + (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
