"""Sessions of a size with a maximum duration: ended, announced, and counted on."""

from datetime import UTC, datetime, timedelta

import pytest

from .api_server import VISION
from .visitor import Visitor

POD = f"/api/v1/namespaces/{VISION}/pods/jupyter-sam"
BRIEF = {"size": "brief"}
HOUR = timedelta(hours=1)


@pytest.fixture
def end(hub, api) -> datetime:
    """When Sam's session ends."""
    assert hub.start_server("sam", BRIEF).status_code == 201
    pod = api.get(POD)
    assert pod["spec"]["activeDeadlineSeconds"] == HOUR.total_seconds()
    return datetime.fromisoformat(pod["status"]["startTime"]) + HOUR


def _begun_before(api, earlier: timedelta) -> datetime:
    """Let the node say that it has had the session for longer; answers when it ends."""
    begun = datetime.now(UTC).replace(microsecond=0) - earlier
    api.patch(f"{POD}/status", {"status": {"startTime": f"{begun:%Y-%m-%dT%H:%M:%SZ}"}})
    return begun + HOUR


def _refusal(hub) -> str:
    """What Sam reads who has two sessions and wants another."""
    answer = hub.start_server("sam", {"size": "cpu"}, server="third")
    assert answer.status_code == 409
    return answer.json()["message"]


def _said(end: datetime) -> str:
    minute = end + timedelta(seconds=59)
    return f"Yours would be free by {minute:%Y-%m-%d %H:%M} UTC."


def test_a_refusal_says_by_when_there_is_room_also_after_a_restart(hub, api, end):
    hub.start_server("sam", {"size": "cpu"}, server="second")
    assert _refusal(hub).endswith(_said(end))
    hub.kill()
    hub.start()
    hub.until(lambda: all(server["ready"] for server in hub.servers("sam").values()))
    assert _refusal(hub).endswith(_said(end))


def test_the_page_says_how_long_a_session_may_last(hub):
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        assert "1 CPU · 1 GiB · 1 hour at most" in sam.picker()


def test_a_session_is_told_in_time_that_it_ends(hub, api, notices, end):
    assert notices == []  # a tenth of the hour before its end it will be told
    end = _begun_before(api, timedelta(minutes=55))
    hub.until(lambda: notices)
    assert notices[0]["ends_at"] == end.timestamp()
    assert "this session is about to reach its time limit" in notices[0]["text"]


@pytest.mark.parametrize("hub_is_away", [False, True], ids=["hub there", "hub away"])
def test_an_ended_session_gives_back_and_tells_its_person_why(hub, api, end, hub_is_away):
    if hub_is_away:
        hub.kill()
    end = _begun_before(api, HOUR)
    if hub_is_away:
        hub.until(lambda: api.get(POD)["status"]["phase"] == "Failed")
        hub.start()
    hub.until(lambda: hub.servers("sam") == {} and api.pods() == [])
    assert hub.availability("sam", "other")["sessions"] == 0
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        why = (
            f"Your session ended at {end:%Y-%m-%d %H:%M} UTC: sessions of its size last 1 hour at "
            "most. Files saved in your home folder are kept; what was only in memory is lost."
        )
        assert why in sam.picker()
        assert why in sam.get("/user/sam/lab").text
