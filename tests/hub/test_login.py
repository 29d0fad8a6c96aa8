"""Signing in through a real Dex to a real hub."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from .browser import Browser
from .dex import CLIENT_SECRET


def username(browser) -> str | None:
    """Who the hub takes this browser for."""
    page = browser.get("/hub/home")
    return page.text.split('user: "')[1].split('"')[0] if page.status_code == 200 else None


def test_the_login_page_says_what_this_is_and_has_one_button(browser):
    page = browser.follow("/hub/login?next=/hub/spawn")
    assert "JupyterLab and VS Code on the GPUs that your lab shares" in page.text
    assert page.text.count('href="/hub/oauth_login?next=%2Fhub%2Fspawn"') == 1


def test_a_person_in_an_allowed_group_signs_in_and_goes_where_they_wanted(hub, browser):
    page = browser.sign_in("ada@example.org", next_url="/hub/token")
    assert page.status_code == 200
    assert page.url.path == "/hub/token"
    assert username(browser) == "ada@example.org"
    person = hub.api("GET", "users/ada@example.org").json()
    assert person["groups"] == ["vision"]
    assert not person["admin"]


def test_an_administrator_is_one_by_group(hub, browser):
    browser.sign_in("grace@example.org")
    person = hub.api("GET", "users/grace@example.org").json()
    assert person["admin"]
    assert sorted(person["groups"]) == ["staff", "vision"]
    assert browser.get("/hub/admin").status_code == 200


def test_a_user_name_is_in_lower_case_whatever_dex_calls_it(browser):
    browser.sign_in("Mixed.Case@example.org")
    assert username(browser) == "mixed.case@example.org"


def test_with_a_wrong_password_nobody_is_signed_in(browser):
    answer = browser.fill_in(browser.open_dex(), "ada@example.org", "wrong")
    assert "location" not in answer.headers
    assert "Wrong email address or password" in answer.text
    assert username(browser) is None


def test_a_person_in_no_allowed_group_reads_whom_to_ask(hub, browser):
    page = browser.sign_in("guest@example.org")
    assert page.status_code == 403
    assert "You signed in as guest@example.org." in page.text
    assert "Ask an administrator to add you to a team" in page.text
    assert 'href="/hub/login?next=%2Fhub%2Fhome"' in page.text
    assert username(browser) is None
    assert hub.api("GET", "users/guest@example.org").status_code == 404


@pytest.mark.parametrize(
    "target", ["https://evil.example/x", "//evil.example/x", "/\\evil.example"]
)
def test_a_login_never_ends_on_another_host(browser, target):
    answer = browser.fill_in(browser.open_dex(target), "ada@example.org")
    location = browser.get(browser.come_back(answer)).headers["location"]
    assert urlsplit(location).netloc == ""
    assert not location.startswith(("//", "/\\"))


def test_the_answer_to_another_browsers_login_is_refused(hub, browser):
    callback = browser.come_back(browser.fill_in(browser.open_dex(), "ada@example.org"))
    with Browser(hub.url) as victim:
        victim.open_dex()
        page = victim.get(callback)
        assert page.status_code == 400
        assert "This sign-in has expired" in page.text
        assert username(victim) is None


def test_the_code_of_another_login_is_refused_by_its_challenge(hub, browser):
    stolen = browser.come_back(browser.fill_in(browser.open_dex(), "ada@example.org"))
    code = parse_qs(urlsplit(stolen).query)["code"][0]
    with Browser(hub.url) as thief:
        own = thief.come_back(thief.fill_in(thief.open_dex(), "guest@example.org"))
        page = thief.get(str(httpx.URL(own).copy_set_param("code", code)))
        assert page.status_code == 403
        assert "This sign-in is no longer valid" in page.text
        assert username(thief) is None


def test_an_answer_that_comes_twice_signs_nobody_in_a_second_time(browser):
    callback = browser.come_back(browser.fill_in(browser.open_dex("/hub/token"), "ada@example.org"))
    assert browser.get(callback).status_code == 302
    browser.cookies.clear()
    page = browser.get(callback)
    assert page.status_code == 400
    assert 'href="/hub/login?next=%2Fhub%2Ftoken"' in page.text
    assert username(browser) is None


def test_who_declines_reads_so_and_can_try_again(browser):
    state = parse_qs(browser.open_dex("/hub/token").history[1].request.url.query.decode())["state"][
        0
    ]
    denial = {"error": "access_denied", "error_description": "<b>x</b>", "state": state}
    page = browser.get("/hub/oauth_callback", params=denial)
    assert page.status_code == 403
    assert "The sign-in was cancelled" in page.text
    assert "<b>x" not in page.text
    assert 'href="/hub/login?next=%2Fhub%2Ftoken"' in page.text


def test_signing_out_says_so_and_the_browser_is_signed_out(browser):
    browser.sign_in("ada@example.org")
    page = browser.follow("/hub/logout")
    assert "You are signed out" in page.text
    assert "Running sessions continue" in page.text
    assert username(browser) is None


def test_the_log_holds_no_token_and_no_secret(hub, browser):
    browser.sign_in("ada@example.org")
    log = hub.text()
    assert "User logged in: ada@example.org" in log
    assert "eyJ" not in log
    assert CLIENT_SECRET not in log
