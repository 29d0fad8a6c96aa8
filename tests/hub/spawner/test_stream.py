"""What a page is told while it is looked at, over one request."""

import contextlib
import json
import time
from contextlib import ExitStack

import httpx
import pytest

from .spawn_hub import SpawnHub

WHOLE = {"team": "vision", "environment": "scipy", "version": "2026.11", "size": "gpu"}


def _state(line: str) -> dict:
    return json.loads(line.removeprefix("data: "))


def _free(state: dict, size: str = "gpu") -> int:
    return next(each["free"] for each in state["sizes"] if each["name"] == size)


@pytest.fixture
def ruth(hub: SpawnHub) -> str:
    hub.until(lambda: _free(hub.availability("ruth")) == 2)
    return "ruth"


def test_a_viewer_is_told_what_is_free_and_when_that_changes(hub, ruth):
    with hub.availability_stream(ruth) as lines:
        assert _free(_state(next(lines))) == 2
        hub.start_server("rosa", WHOLE)
        told = (_state(line) for line in lines if line.startswith("data: "))
        assert next(state for state in told if _free(state) == 1)
        hub.stop_server("rosa")
        assert next(state for state in told if _free(state) == 2)


def test_while_nothing_changes_only_comments_keep_the_connection(hub, ruth):
    with hub.availability_stream(ruth) as lines:
        assert next(lines).startswith("data: ")
        assert [next(lines), next(lines)] == [":", ":"]


def test_what_changed_for_others_alone_is_not_sent(hub, ruth):
    with hub.availability_stream(ruth) as lines:
        next(lines)
        hub.start_server("nil", {"size": "cpu"})  # refused: it changes nothing
        hub.start_server("sam", {"size": "cpu"})
        others = [line for _, line in zip(range(2), lines, strict=False)]
    assert all(line == ":" or _state(line)["starts"] for line in others)


def test_a_person_can_have_six_streams_and_no_more(hub, ruth):
    with ExitStack() as stack:
        streams = [stack.enter_context(hub.availability_stream(ruth)) for _ in range(6)]
        assert all(map(next, streams))
        address, query = "gpucommons/availability", {"user": ruth}
        answer = hub.api("GET", address, accept="text/event-stream", params=query)
        assert answer.status_code == 429
        assert hub.availability(ruth)["sizes"]

    def opens() -> bool:
        try:
            with hub.availability_stream(ruth) as lines:
                return bool(next(lines))
        except httpx.HTTPStatusError:
            return False

    hub.until(opens)


def test_a_page_that_is_left_gives_its_place_back_at_once(hub, ruth):
    for _ in range(20):  # within less than a beat
        with hub.availability_stream(ruth) as lines:
            assert next(lines)


def test_the_stream_of_somebody_who_is_deleted_ends(hub):
    hub.api("POST", "users/gone")
    with hub.availability_stream("gone") as lines:
        next(lines)
        assert hub.api("DELETE", "users/gone").status_code == 204
        assert set(lines) <= {":"}


def test_looking_is_nobody_s_activity(hub, ruth):
    token = hub.api("POST", f"users/{ruth}/tokens", json={"expires_in": 600}).json()["token"]
    before = hub.api("GET", f"users/{ruth}").json()["last_activity"]
    time.sleep(0.01)
    url = f"{hub.url}/hub/api/gpucommons/availability"
    answer = httpx.get(url, headers={"Authorization": f"token {token}"}, timeout=60)
    assert answer.status_code == 200
    assert hub.api("GET", f"users/{ruth}").json()["last_activity"] == before


def test_streams_of_others_are_not_given(hub, ruth):
    token = hub.api("POST", "users/sam/tokens", json={"expires_in": 600}).json()["token"]
    headers = {"Authorization": f"token {token}", "Accept": "text/event-stream"}
    url = f"{hub.url}/hub/api/gpucommons/availability"
    answer = httpx.get(url, params={"user": ruth}, headers=headers, timeout=60)
    assert answer.status_code in {403, 404}


def test_a_hub_that_is_stopped_ends_its_streams_at_once(hub, ruth):
    before = hub.text()
    with hub.availability_stream(ruth) as lines:
        next(lines)
        begin = time.monotonic()
        hub.stop()
        took = time.monotonic() - begin
        with contextlib.suppress(httpx.TransportError):  # a clean end is as good
            list(lines)
    hub.start()
    assert took < 30  # streams that went on would keep it for ever; a busy machine is slow
    assert "Traceback" not in hub.text().removeprefix(before)
