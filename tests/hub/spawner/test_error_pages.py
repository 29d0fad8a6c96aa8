"""Pages of errors: what is wrong, in plain words, and the way on; one stays signed in."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from ..pages import sign_in
from .visitor import Visitor


@pytest.fixture
def sam(hub):
    with Visitor(hub.url, "sam") as sam:
        sam.sign_in()
        yield sam


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/hub/nosuch", 404, "This page does not exist"),
        ("/hub/admin", 403, "This page is not for you"),
        ("/hub/gpucommons/catalogue", 403, "You are signed in, but may not do this."),
        ("/hub/error/503", 200, "The session does not answer"),
        ("/hub/error/500", 200, "If it happens again, tell an administrator"),
    ],
)
def test_an_error_says_what_is_wrong_and_keeps_name_and_sign_out(sam, path, status, words):
    answer = sam.get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert '<span class="me-1">sam</span>' in answer.text
    assert 'id="logout"' in answer.text
    assert 'href="/hub/home">My sessions' in answer.text
    shown, _, folded = answer.text.partition("<details")
    for raw in ("current scopes", "admin-ui]", "lots of moons", ": None"):
        assert raw not in shown
        assert folded.count(raw) <= 1


def test_somebody_who_is_not_signed_in_is_led_to_the_sign_in(hub):
    with Visitor(hub.url, "sam") as nobody:
        answer = nobody.get("/hub/nosuch")
    assert answer.status_code == 404
    assert re.search(r'<a class="btn btn-lg btn-primary" href="/hub/login">Sign in', answer.text)
    assert 'id="logout"' not in answer.text


@pytest.mark.parametrize("path", ["tree", "notebooks/week%201/a.ipynb"])
def test_an_old_link_to_a_session_that_does_not_run_offers_to_start_one(sam, path):
    answer = sam.get(f"/user/sam/{path}")
    assert "No session is running" in answer.text
    assert 'id="start"' in answer.text


@pytest.mark.parametrize("before", ["/user/rosa", "/user/nobody-here", ""])
def test_a_link_with_its_authors_name_leads_to_the_same_in_ones_own_session(
    scripted_page, hub, before, keep_picture
):
    sign_in(scripted_page, "sam", f"{before}/notebooks/week%201/a.ipynb?all=1")
    expect(scripted_page.get_by_role("link", name="My sessions")).to_be_visible()
    keep_picture(scripted_page, "error-link")
    scripted_page.get_by_role("link", name="Open it in my session").click()
    expect(scripted_page.get_by_role("heading", name="Start a session")).to_be_visible()
    then = parse_qs(urlsplit(scripted_page.url).query)["next"]
    assert then == ["/user/sam/notebooks/week 1/a.ipynb?all=1"]


def test_an_error_page_looks_like_the_others(scripted_page, hub, keep_picture):
    sign_in(scripted_page, "sam", "/hub/nosuch")
    expect(scripted_page.get_by_role("heading", name="This page does not exist")).to_be_visible()
    keep_picture(scripted_page, "error")
    scripted_page.goto("/user/sam/lab")
    expect(scripted_page.get_by_role("heading", name="No session is running")).to_be_visible()
    keep_picture(scripted_page, "not-running")
