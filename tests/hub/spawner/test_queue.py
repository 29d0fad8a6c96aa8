"""What a hub does with sessions that wait in a queue, and with those that it takes away."""

import json
import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ..pages import sign_in
from .played_kueue import PlayedKueue
from .spawn_hub import SpawnHub
from .visitor import Visitor

_QUEUE_S, _START_S, _SHORT_S = 600, 120, 45
"""Limits: long, and such that the hub may be restarted in that time on a busy machine."""
GPU = {"environment": "scipy", "size": "gpu"}
_SETTINGS = """
c.GPUSpawner.queue = "sessions"
c.GPUSpawner.queue_timeout = {queue}
c.GPUSpawner.start_timeout = {start}
c.JupyterHub.init_spawners_timeout = 1
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 1}}
"""


@pytest.fixture(scope="module")
def kueue(api, folder) -> Iterator[PlayedKueue]:
    kueue = PlayedKueue(api, folder)
    kueue.start()
    yield kueue
    kueue.stop()


@pytest.fixture(scope="module")
def queue_hub(tmp_path_factory, api, node, mounted_catalogue, kueue) -> Iterator[SpawnHub]:
    hub = SpawnHub(
        tmp_path_factory.mktemp("queue"),
        mounted_catalogue.path,
        api.kubeconfig,
        node.session_port,
        more=_SETTINGS.format(queue=_QUEUE_S, start=_START_S),
    )
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def hub(queue_hub, api) -> Iterator[SpawnHub]:
    """The hub with a queue; nothing is left of a test."""
    yield queue_hub
    for user in queue_hub.api("GET", "users").json():
        for server in user["servers"]:
            queue_hub.stop_server(user["name"], server)
    queue_hub.until(lambda: not api.pods())


def _waiting(hub, api, name="rosa", options=GPU) -> dict:
    """Somebody's pod, which the queue holds back."""
    # After a start that failed, JupyterHub says 201 while the next one waits.
    assert hub.start_server(name, options).status_code in (201, 202)
    (pod,) = hub.until(api.pods)
    assert pod["spec"]["schedulingGates"]
    return pod


def _running(hub, api, kueue, name="rosa") -> dict:
    pod = _waiting(hub, api, name)
    kueue.admit(pod)
    hub.until(lambda: hub.servers(name).get("", {}).get("ready"))
    return pod


def _restarted(hub, *, queue=_QUEUE_S, start=_START_S) -> None:
    """Another hub, with other limits, that finds what the first one left."""
    hub.kill()
    config = hub.log.with_name("jupyterhub_config.py")
    settings = _SETTINGS.format(queue=queue, start=start)
    config.write_text(config.read_text() + settings)
    hub.start()


def _last_words(hub, name="rosa") -> dict:
    with hub.progress(name) as lines:
        told = [line for line in lines if line.startswith("data:")]
    return json.loads(told[-1].removeprefix("data:"))


def test_who_waits_reads_their_place_and_takes_what_is_free_instead(
    hub, api, kueue, scripted_page, keep_picture
):
    page = scripted_page
    sign_in(page, "rosa", "/hub/home")
    expect(page.get_by_role("heading", name="My sessions")).to_be_visible()
    before = _waiting(hub, api, options={"team": "vision", "version": "2026.05", **GPU})

    page.reload()
    expect(page.get_by_role("status").first).to_contain_text("Waiting for a GPU since")
    expect(page.locator("main")).to_contain_text("Free now: Share of a GPU")
    assert Axe().run(page).violations_count == 0
    keep_picture(page, "sessions-waiting")
    page.get_by_role("button", name="Take Share of a GPU instead").click()
    hub.until(lambda: before["metadata"]["uid"] not in _uids(api))
    (after,) = hub.until(api.pods)
    kueue.admit(after)
    page.wait_for_url("**/user/rosa/**")
    options = hub.servers("rosa")[""]["user_options"]
    assert (options["version"], options["size"]) == ("2026.05", "share")


def _uids(api) -> set[str]:
    return {pod["metadata"]["uid"] for pod in api.pods()}


# Over a restart of the hub


def test_a_wait_in_the_queue_goes_on_over_a_restart_and_ends_in_a_session(hub, api, kueue):
    before = _waiting(hub, api)
    _restarted(hub)
    hub.until(lambda: hub.servers("rosa").get("", {}).get("pending") == "spawn")
    kueue.admit(before)
    hub.until(lambda: hub.servers("rosa").get("", {}).get("ready"))
    (after,) = api.pods()
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_wait_can_be_given_up_after_a_restart_and_begun_anew(hub, api, kueue):
    before = _waiting(hub, api)
    _restarted(hub)
    hub.until(lambda: hub.servers("rosa").get("", {}).get("pending") == "spawn")
    hub.stop_server("rosa")
    hub.until(lambda: not api.pods())
    after = _running(hub, api, kueue)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert "Error in" not in hub.text()


def test_the_queue_s_limit_counts_from_when_the_pod_was_made(hub, api):
    _waiting(hub, api)
    time.sleep(_SHORT_S)  # the limit is over when the hub is back
    begun = time.monotonic()
    _restarted(hub, queue=_SHORT_S)
    try:
        hub.until(lambda: not hub.servers("rosa"))
        assert time.monotonic() - begun < _SHORT_S, "it counted anew"
    finally:
        _restarted(hub)
    hub.until(lambda: not api.pods())


def test_who_waited_too_long_over_a_restart_reads_so_until_the_next_start(hub, api):
    _waiting(hub, api)
    _restarted(hub, queue=_SHORT_S)
    hub.until(lambda: hub.servers("rosa").get("", {}).get("pending") == "spawn")
    end = _last_words(hub)
    assert end["failed"]
    assert "No GPU became free" in end["message"]
    hub.until(lambda: not api.pods())
    with Visitor(hub.url, "rosa") as rosa:
        rosa.sign_in()
        assert "No GPU became free" in rosa.get("/user/rosa/").text
        _restarted(hub)
        assert "No GPU became free" in rosa.get("/hub/home").text


def test_after_the_queue_the_limit_of_a_start_holds_over_a_restart(hub, api, kueue, node):
    pod = _waiting(hub, api)
    node.runs_pods = False
    try:
        kueue.admit(pod)
        _restarted(hub, start=_SHORT_S)
        hub.until(lambda: hub.servers("rosa").get("", {}).get("pending") == "spawn")
        end = _last_words(hub)
        hub.until(lambda: not api.pods())
    finally:
        node.runs_pods = True
        _restarted(hub)
    assert f"The session did not start within {_SHORT_S} seconds." in end["message"]


def test_a_start_that_waits_for_no_queue_goes_on_over_a_restart_too(hub, api, node):
    node.runs_pods = False
    try:
        assert hub.start_server("sam", {"size": "cpu"}).status_code == 202
        (before,) = hub.until(api.pods)
        _restarted(hub, start=120)
        hub.until(lambda: hub.servers("sam").get("", {}).get("pending") == "spawn")
    finally:
        node.runs_pods = True
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))
    assert api.pods()[0]["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_session_with_a_gpu_that_the_queue_did_not_see_is_not_started(hub, api, kueue):
    with kueue.unregistered():
        answer = hub.start_server("rosa", GPU, answer_after=60)
        sam = hub.start_server("sam", {"size": "cpu"}, answer_after=60)
        assert sam.status_code == 201
    assert answer.status_code == 503
    assert "promised to somebody else" in answer.json()["message"]
    assert {pod["metadata"]["name"] for pod in api.pods()} == {"jupyter-sam"}


# How a session ended


def _ended_pages(hub, name="rosa") -> dict[str, str]:
    with Visitor(hub.url, name) as visitor:
        visitor.sign_in()
        pages = ("/hub/home", f"/user/{name}/lab", f"/hub/spawn/{name}")
        return {page: visitor.get(page).text for page in pages}


def test_a_preempted_person_reads_why_on_every_page_also_after_a_restart(hub, api, kueue):
    kueue.preempt(_running(hub, api, kueue))
    hub.until(lambda: not hub.servers("rosa"))
    _restarted(hub)
    for page, text in _ended_pages(hub).items():
        assert "one with higher priority needed its GPUs" in text, page
        assert "Files saved in your home folder are kept" in text, page


@pytest.mark.parametrize("restarted", [False, True], ids=["hub as it was", "hub restarted"])
def test_who_is_preempted_reads_why_in_the_session_itself(hub, api, kueue, notices, restarted):
    pod = _running(hub, api, kueue)
    if restarted:
        _restarted(hub)
        hub.until(lambda: hub.servers("rosa").get("", {}).get("ready"))
    kueue.preempt(pod)
    hub.until(lambda: notices)
    assert "one with higher priority needed its GPUs" in notices[0]["text"]
    hub.until(lambda: not hub.servers("rosa"))
    assert len(notices) == 1


def test_whoever_stops_their_session_is_told_nothing_in_it(hub, api, kueue, notices):
    _running(hub, api, kueue)
    hub.stop_server("rosa")
    assert notices == []


def test_who_is_preempted_while_the_hub_is_away_reads_why(hub, api, kueue):
    pod = _running(hub, api, kueue)
    hub.kill()
    kueue.preempt(pod)
    hub.start()
    hub.until(lambda: not hub.servers("rosa"))
    for page, text in _ended_pages(hub).items():
        assert "one with higher priority needed its GPUs" in text, page


def test_the_next_start_clears_why_the_last_session_ended(hub, api, kueue):
    kueue.preempt(_running(hub, api, kueue))
    hub.until(lambda: not hub.servers("rosa"))
    _running(hub, api, kueue)
    hub.stop_server("rosa")
    _restarted(hub)
    for page, text in _ended_pages(hub).items():
        assert "higher priority" not in text, page


def test_whoever_stops_their_session_reads_nothing_about_its_end(hub, api, kueue):
    _running(hub, api, kueue)
    hub.stop_server("rosa")
    for page, text in _ended_pages(hub).items():
        assert "Your session ended" not in text, page


def test_the_list_of_sessions_counts_who_waits_by_size(hub, api, kueue):
    def waiting():
        return hub.api("GET", "gpucommons/sessions").json()["waiting"]

    pod = _waiting(hub, api)
    hub.until(lambda: waiting() == {"gpu": 1})
    kueue.admit(pod)
    hub.until(lambda: waiting() == {})
