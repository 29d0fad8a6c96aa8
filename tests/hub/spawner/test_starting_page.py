"""While a session starts, its person reads what starts and how far it is, and can cancel it."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ..pages import sign_in

GPU = {"team": "vision", "environment": "scipy", "version": "2026.11", "size": "gpu"}
CPU = {**GPU, "size": "cpu"}
_LEAD = "Starting SciPy 2026.11 · Whole GPU"


@pytest.fixture
def slow_node(node) -> Iterator[None]:
    """A node on which nothing new comes to run, until the test says otherwise."""
    node.runs_pods = False
    yield
    node.runs_pods = True


def _open(page: Page, server: str = "") -> None:
    path = f"/hub/spawn-pending/sam/{server}" if server else "/hub/spawn-pending/sam"
    sign_in(page, "sam", path)


def test_the_page_says_what_starts_and_leads_on(scripted_page, hub, node, slow_node, keep_picture):
    hub.start_server("sam", GPU, answer_after=0.1)
    _open(scripted_page)
    expect(scripted_page.get_by_role("heading")).to_have_text(_LEAD)
    expect(scripted_page.get_by_role("status")).not_to_be_empty()
    expect(scripted_page).to_have_title(
        f"{scripted_page.get_by_role('status').inner_text()} · SciPy 2026.11 · Whole GPU"
    )
    assert Axe().run(scripted_page).violations_count == 0
    keep_picture(scripted_page, "starting")
    node.runs_pods = True
    scripted_page.wait_for_url("**/user/sam/**")


def test_cancel_stops_this_session_and_no_other(scripted_page, hub, node):
    """JupyterHub's own page would stop the default server."""
    assert hub.start_server("sam", CPU).status_code == 201
    node.runs_pods = False
    try:
        hub.start_server("sam", GPU, server="second", answer_after=0.1)
        _open(scripted_page, "second")
        expect(scripted_page.get_by_role("heading")).to_have_text(f"{_LEAD} second")
        scripted_page.get_by_role("button", name="Cancel").click()
        expect(scripted_page.get_by_role("heading", name="Start a session")).to_be_visible()
        assert hub.servers("sam").keys() == {""}
        assert hub.servers("sam")[""]["ready"]
    finally:
        node.runs_pods = True


def test_a_start_that_takes_a_while_to_be_cancelled_is_cancelled(scripted_page, hub, slow_node):
    """JupyterHub itself gives it one second, and then fails."""
    answers = iter([500, 500])
    scripted_page.route(
        "**/api/users/sam/server*",
        lambda route: (
            route.fulfill(status=status, json={"message": "Internal Server Error"})
            if (status := next(answers, None))
            else route.continue_()
        ),
    )
    hub.start_server("sam", GPU, answer_after=0.1)
    _open(scripted_page)
    scripted_page.get_by_role("button", name="Cancel").click()
    expect(scripted_page.get_by_role("heading", name="Start a session")).to_be_visible()
    assert hub.servers("sam") == {}


def test_a_hub_that_was_away_is_waited_for(scripted_page, hub, node, slow_node):
    """A stream that is answered by a proxy alone is not tried again by browsers."""
    answers = iter([502, 404])
    scripted_page.route(
        "**/progress*",
        lambda route: (
            route.fulfill(status=status) if (status := next(answers, None)) else route.continue_()
        ),
    )
    hub.start_server("sam", GPU, answer_after=0.1)
    _open(scripted_page)
    expect(scripted_page.get_by_role("status")).not_to_be_empty()
    node.runs_pods = True
    scripted_page.wait_for_url("**/user/sam/**")


def test_a_stream_that_a_dead_hub_left_open_is_not_waited_for(scripted_page, hub, node, slow_node):
    scripted_page.clock.install()
    scripted_page.route("**/progress*", lambda route: None)  # which is never answered
    hub.start_server("sam", GPU, answer_after=0.1)
    _open(scripted_page)
    expect(scripted_page.get_by_role("button", name="Cancel")).to_be_visible()
    node.runs_pods = True
    hub.until(lambda: hub.servers("sam")[""]["ready"])
    scripted_page.clock.fast_forward(31_000)
    scripted_page.wait_for_url("**/user/sam/**")


def test_a_start_that_comes_to_nothing_says_why_and_what_next(scripted_page, hub, api, slow_node):
    hub.start_server("sam", GPU, answer_after=0.1)
    _open(scripted_page)
    expect(scripted_page.get_by_role("button", name="Cancel")).to_be_visible()
    expect(scripted_page.get_by_role("link", name="Choose and start again")).to_have_count(0)
    (pod,) = hub.until(api.pods)
    api.delete(f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/jupyter-sam")
    expect(scripted_page.get_by_role("heading")).to_contain_text("Not started:")
    expect(scripted_page.get_by_role("status")).to_contain_text("was deleted while it started")
    scripted_page.get_by_role("link", name="Choose and start again").click()
    expect(scripted_page.get_by_role("heading", name="Start a session")).to_be_visible()


def test_a_start_that_came_to_nothing_while_nothing_was_heard_of_it_is_said(
    scripted_page, hub, api, slow_node
):
    """The hub's own page says so, and is no page that is well.

    Meanwhile the hub is asked now and then: browsers stop following a page that reloads itself
    without a pause.
    """
    scripted_page.route("**/progress*", lambda route: route.fulfill(status=502))
    hub.start_server("sam", GPU, answer_after=0.1)
    _open(scripted_page)
    expect(scripted_page.get_by_role("button", name="Cancel")).to_be_visible()
    loads: list[str] = []
    scripted_page.on("load", lambda page: loads.append(page.url))
    scripted_page.wait_for_timeout(9_000)
    assert 1 <= len(loads) <= 5
    (pod,) = hub.until(api.pods)
    api.delete(f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/jupyter-sam")
    expect(scripted_page.get_by_role("heading", name="The session did not start")).to_be_visible()
