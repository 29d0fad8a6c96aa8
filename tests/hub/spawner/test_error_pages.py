"""Pages of errors: what is wrong, in plain words, and the way on; one stays signed in."""

import pytest
from playwright.sync_api import expect

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
        ("/hub/error/503", 200, "The hub cannot do this now"),
    ],
)
def test_an_error_says_what_is_wrong_and_keeps_name_and_sign_out(sam, path, status, words):
    answer = sam.get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert '<span class="me-1">sam</span>' in answer.text
    assert 'id="logout"' in answer.text
    assert 'href="/hub/home">Go to your sessions' in answer.text
    for raw in ("current scopes", "admin-ui]", "lots of moons", ": None"):
        assert raw not in answer.text


def test_an_error_page_looks_like_the_others(scripted_page, hub, keep_picture):
    scripted_page.goto("/hub/login?next=/hub/nosuch")
    scripted_page.get_by_label("Username").fill("sam")
    scripted_page.get_by_label("Password").fill("any")
    scripted_page.locator("input[type=submit]").click()
    expect(scripted_page.get_by_role("heading", name="This page does not exist")).to_be_visible()
    keep_picture(scripted_page, "error")
    scripted_page.goto("/user/sam/lab")
    expect(scripted_page.get_by_role("heading", name="No session is running")).to_be_visible()
    keep_picture(scripted_page, "not-running")
