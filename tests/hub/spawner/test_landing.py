"""Where people land who sign in without having asked for a page."""

import pytest
from playwright.sync_api import Page, expect

from ..pages import sign_in, unfold_navigation

CPU = {"team": "vision", "environment": "scipy", "version": "2026.11", "size": "cpu"}


def _lands(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()


def test_who_has_no_session_lands_on_the_picker(scripted_page):
    sign_in(scripted_page, "nora")
    _lands(scripted_page, "Start a session")


@pytest.mark.parametrize("server", ["", "second"])
def test_who_has_a_session_lands_on_my_sessions_also_from_the_logo(scripted_page, hub, server):
    assert hub.start_server("sam", CPU, server=server).status_code == 201
    sign_in(scripted_page, "sam")
    _lands(scripted_page, "My sessions")
    scripted_page.goto("/hub/token")
    scripted_page.locator("#jupyterhub-logo a").click()
    _lands(scripted_page, "My sessions")


def test_who_has_a_session_that_starts_or_stops_lands_on_my_sessions(scripted_page, hub, node):
    node.runs_pods = False
    try:
        hub.start_server("sam", CPU, answer_after=0.1)
        sign_in(scripted_page, "sam")
        _lands(scripted_page, "My sessions")
    finally:
        node.runs_pods = True
    hub.until(lambda: hub.servers("sam").get("", {}).get("ready"))
    node.lost = True
    try:
        assert hub.api("DELETE", "users/sam/server").status_code == 202
        scripted_page.goto("/")
        _lands(scripted_page, "My sessions")
    finally:
        node.lost = False


def test_a_link_to_a_page_is_followed_whatever_runs(scripted_page, hub):
    assert hub.start_server("sam", CPU).status_code == 201
    sign_in(scripted_page, "sam", "/hub/token")
    expect(scripted_page.get_by_role("button", name="Make a token")).to_be_visible()
    scripted_page.goto("/hub/?next=/hub/spawn/sam/second")
    _lands(scripted_page, "Start a session")


def test_the_bar_leads_to_my_sessions(scripted_page, hub):
    sign_in(scripted_page, "nora")
    unfold_navigation(scripted_page)
    bar = scripted_page.locator("#thenavbar")
    expect(bar.get_by_role("link", name="Home", exact=True)).to_have_count(0)
    bar.get_by_role("link", name="My sessions", exact=True).click()
    _lands(scripted_page, "My sessions")
