"""Where people land after a session ended that they did not stop, they read why."""

import re
from urllib.parse import quote

import pytest

from .api_server import VISION
from .visitor import Visitor

POD = f"/api/v1/namespaces/{VISION}/pods/jupyter-sam"
_STOPPED = r"Stopped at \d{4}-\d\d-\d\d \d\d:\d\d UTC\."
_KEPT = "Files saved in your home folder are kept"


@pytest.fixture
def sam(hub):
    """Somebody whose session runs."""
    assert hub.start_server("sam", {"size": "cpu"}).status_code == 201
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        yield sam


def _pages(sam: Visitor) -> list[str]:
    """The pages on which somebody lands whose session is gone."""
    return [sam.get(path).text for path in ("/hub/home", "/user/sam/lab", "/hub/spawn/sam")]


def _container(**state) -> dict:
    name = {"name": "notebook", "ready": False, "image": "", "imageID": ""}
    return {"containerStatuses": [{**name, "restartCount": 0, "lastState": {}, **state}]}


_OUT_OF_MEMORY = {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-28T15:20:10Z"}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            {"phase": "Failed", **_container(state={"terminated": _OUT_OF_MEMORY})},
            "at 2026-11-28 15:20 UTC: it needed more than the 1 GiB of memory that its size has",
        ),
        (
            {
                "phase": "Failed",
                "reason": "Evicted",
                "message": "The node was low on resource: memory. Threshold: 1, available: 0.",
            },
            "its node ran short of memory",
        ),
        (
            {"phase": "Failed", "reason": "NodeShutdown", "message": "Pod was terminated."},
            "its node was shut down",
        ),
        (
            _container(
                restartCount=4,
                state={"waiting": {"reason": "CrashLoopBackOff"}},
                lastState={"terminated": _OUT_OF_MEMORY},
            ),
            "it needed more than the 1 GiB of memory",
        ),
    ],
)
def test_a_session_that_the_cluster_ended_says_why_on_every_page(hub, api, sam, status, words):
    api.patch(f"{POD}/status", {"status": status})
    hub.until(lambda: not hub.servers("sam"))
    for page in _pages(sam):
        assert words in page
        assert _KEPT in page


def test_a_session_whose_pod_somebody_deleted_says_so_and_starts_again(hub, api, sam):
    api.delete(POD)
    hub.until(lambda: not hub.servers("sam"))
    for page in _pages(sam):
        assert "it was deleted in the cluster, not by the hub" in page
    assert hub.start_server("sam").status_code == 201
    hub.stop_server("sam")
    for page in _pages(sam):
        assert "Your session ended" not in page


def test_who_stopped_their_own_session_is_told_nothing_of_it(hub, sam):
    hub.stop_server("sam")
    pages = _pages(sam)
    for page in pages:
        assert "Your session ended" not in page
    assert re.search(rf"{_STOPPED} Saved files are kept\.", pages[0])


def test_why_somebody_else_stops_a_session_is_told_if_they_said_it_beforehand(hub, sam):
    reason = "Your session was stopped at 15:26 UTC: unused for 2 hours."
    told = {"reason": reason, "page": "services/idle/"}
    answer = hub.api("PUT", "gpucommons/users/sam/session-end/", json=told)
    assert answer.status_code == 204, answer.text
    hub.stop_server("sam")
    for page in _pages(sam):
        assert reason in page
        assert 'href="/services/idle/">Why</a>' in page


def test_a_named_session_says_why_it_ended_under_its_name(hub, sam):
    hub.start_server("sam", {"size": "cpu"}, server="second")
    hub.api("PUT", "gpucommons/users/sam/session-end/second", json={"reason": "It was unused."})
    hub.stop_server("sam", "second")
    home = sam.get("/hub/home").text
    card = home[home.index('data-server="second"') :]
    assert "It was unused." in card
    assert re.search(_STOPPED, card)
    assert 'action="/hub/spawn/sam/second?_xsrf=' in card
    assert "It was unused." in sam.get("/hub/user/sam/second/lab").text


@pytest.mark.parametrize(
    ("user", "body", "status"),
    [
        ("sam", {"reason": ""}, 400),
        ("sam", {"reason": "x" * 501}, 400),
        ("sam", {"reason": "x", "page": "//example.org/services/idle/"}, 400),
        ("sam", {"reason": "x", "page": "services/../hub/logout/"}, 400),
        ("sam", ["x"], 400),
        ("nobody", {"reason": "x"}, 404),
        (quote("sam/..", safe=""), {"reason": "x"}, 404),
    ],
)
def test_what_is_no_reason_or_no_session_is_refused(hub, sam, user, body, status):
    answer = hub.api("PUT", f"gpucommons/users/{user}/session-end/", json=body)
    assert answer.status_code == status


def test_nobody_tells_why_a_session_of_somebody_else_ends(hub, sam):
    with Visitor(hub.url, "tom") as tom:
        tom.sign_in()
        token = tom.cookies["_xsrf"]
        answer = tom.put(
            f"/hub/api/gpucommons/users/sam/session-end/?_xsrf={token}", json={"reason": "x"}
        )
    assert answer.status_code in (403, 404)


def test_who_is_started_again_for_want_of_memory_is_told_in_the_session(hub, api, sam, notices):
    restarted = _container(
        ready=True, restartCount=1, state={"running": {}}, lastState={"terminated": _OUT_OF_MEMORY}
    )
    api.patch(f"{POD}/status", {"status": restarted})
    hub.until(lambda: notices)
    assert notices[0]["text"].startswith("This session ran out of memory at 2026-11-28 15:20 UTC")
    assert "1 GiB" in notices[0]["text"]
