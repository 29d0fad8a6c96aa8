"""A sign-in that does not go straight on: from each place there is a way to where one wanted to go.

The hub says where a login ends, as an installation does; other addresses lead to it, too.
"""

from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from .browser import Browser
from .test_login import username

ADA = "ada@example.org"
_LONGEST_HEADER = 8000
"""Characters that usual proxies take in a line."""


@pytest.fixture(scope="module")
def hub(stopped_hub, dex):
    callback = f"{stopped_hub.url}/hub/oauth_callback"
    stopped_hub.configure(dex.issuer, f"c.DexOAuthenticator.oauth_callback_url = {callback!r}")
    stopped_hub.start()
    yield stopped_hub
    stopped_hub.stop()


def _answer(browser, next_url="/hub/home", email=ADA) -> str:
    """Sign in at Dex in a new tab; returns the address that it leads back to."""
    return browser.come_back(browser.fill_in(browser.open_dex(next_url), email))


def test_two_tabs_that_sign_in_both_arrive_whichever_is_first(browser):
    forms = [browser.open_dex(page) for page in ("/hub/token", "/hub/home")]
    answers = [browser.come_back(browser.fill_in(form, ADA)) for form in forms]
    for answer, page in zip(answers, ("/hub/token", "/hub/home"), strict=True):
        assert browser.follow(answer).url.path == page


def test_a_tab_whose_login_was_pushed_out_by_many_others_arrives_too(browser):
    first = browser.open_dex("/hub/token")
    for _ in range(12):
        newest = browser.open_dex()
    assert browser.follow(browser.come_back(browser.fill_in(newest, ADA))).status_code == 200
    assert browser.follow(browser.come_back(browser.fill_in(first, ADA))).url.path == "/hub/token"
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    assert len(cookies) < 4096


def test_an_answer_that_is_reloaded_leads_on_who_is_signed_in(browser):
    answer = _answer(browser, "/hub/token")
    for _ in range(2):
        page = browser.follow(answer)
        assert (page.status_code, page.url.path) == (200, "/hub/token")


def test_a_login_that_took_too_long_keeps_where_one_wanted_to_go(browser):
    answer = _answer(browser, "/hub/token")
    browser.cookies.clear()
    page = browser.get(answer)
    assert page.status_code == 400
    assert "This sign-in has expired" in page.text
    assert 'href="/hub/login?next=%2Fhub%2Ftoken"' in page.text


def test_a_login_goes_on_after_a_restart_of_the_hub(hub, browser):
    answer = _answer(browser, "/hub/token")
    hub.stop()
    hub.start()
    assert browser.follow(answer).url.path == "/hub/token"
    assert username(browser) == ADA


def test_another_address_of_the_hub_leads_to_the_right_one_before_the_password(hub, browser):
    elsewhere = hub.url.replace("127.0.0.1", "localhost")
    form = browser.follow(f"{elsewhere}/hub/oauth_login?next=/hub/token")
    assert form.history[0].headers["location"].startswith(f"{hub.url}/hub/oauth_login?")
    page = browser.follow(browser.come_back(browser.fill_in(form, ADA)))
    assert str(page.url) == f"{hub.url}/hub/token"
    assert username(browser) == ADA


def test_a_proxy_that_calls_the_hub_otherwise_leads_nobody_in_circles(hub, browser):
    """Dex's form is reached at the second try, although the hub never sees the right host."""
    host = {"Host": "hub.internal:8081"}
    first = browser.get("/hub/oauth_login?next=/hub/home", headers=host)
    assert first.headers["location"].startswith(f"{hub.url}/hub/oauth_login?")
    second = browser.get(first.headers["location"], headers=host)
    assert "/dex/auth" in second.headers["location"]


@pytest.mark.parametrize("length", [2900, 3000])
def test_a_long_link_arrives(browser, length):
    wanted = "/hub/token?x=".ljust(length, "y")
    form = browser.open_dex(wanted)
    begun = form.history[0]
    assert len(begun.headers["location"]) < _LONGEST_HEADER
    assert len(begun.headers["set-cookie"]) < 1000
    answer = browser.come_back(browser.fill_in(form, ADA))
    assert len(answer) < _LONGEST_HEADER
    page = browser.follow(answer)
    assert page.status_code == 200
    assert page.url.raw_path.decode() == wanted


def test_a_link_that_is_too_long_signs_in_and_ends_at_home(browser):
    page = browser.sign_in(ADA, "/hub/token?x=".ljust(6000, "y"))
    assert page.status_code == 200
    assert username(browser) == ADA


@pytest.mark.parametrize(
    ("wanted", "arrives"),
    [
        (f"/hub/token?note={quote('50 % + é')}", f"/hub/token?note={quote('50 % + é')}"),
        ("/hub/token?note=é 日本", f"/hub/token?note={quote('é 日本')}"),
        ("/hub/token?note=\r\nX-Evil: 1", "/hub/token?note=%0D%0AX-Evil:%201"),
        ("http://[", None),
        ("//[x", None),
    ],
)
def test_an_odd_link_arrives_as_it_was_or_at_home(browser, wanted, arrives):
    answer = browser.get(_answer(browser, wanted))
    assert answer.status_code == 302
    assert "x-evil" not in answer.headers
    location = answer.headers["location"]
    assert location == arrives if arrives else location.startswith(("/hub/", "/user/"))


def test_who_declined_at_dex_and_is_signed_in_elsewhere_reads_so(browser):
    browser.sign_in(ADA)
    begun = browser.get("/hub/oauth_login?next=/hub/token")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    page = browser.get("/hub/oauth_callback", params={"error": "access_denied", "state": state})
    assert page.status_code == 403
    assert "The sign-in was cancelled" in page.text
    assert username(browser) == ADA


def test_an_answer_without_anything_leads_back_to_the_login(hub):
    with Browser(hub.url) as browser:
        for query in ({}, {"state": "x"}, {"code": "x"}, {"state": "é.!", "code": "x"}):
            page = browser.get(str(httpx.URL("/hub/oauth_callback", params=query)))
            assert page.status_code == 400
            assert 'href="/hub/login"' in page.text


def test_a_form_that_is_older_than_the_sign_in_says_so_and_how_to_go_on(browser):
    browser.sign_in(ADA)
    old = _form_token(browser)
    browser.get("/hub/logout")
    browser.sign_in(ADA)
    page = browser.post("/hub/spawn", params={"_xsrf": old})
    assert page.status_code == 403
    assert "This page is older than your sign-in" in page.text
    assert 'id="open-anew"' in page.text


def _form_token(browser) -> str:
    page = browser.get("/hub/token").text
    return page.split('xsrf_token: "')[1].split('"')[0]


def test_a_program_that_posts_to_the_login_page_is_told_to_use_the_button(browser):
    page = browser.get("/hub/login")
    token = page.text.split('xsrf_token: "')[1].split('"')[0]
    answer = browser.post("/hub/login", data={"username": ADA, "password": "x", "_xsrf": token})
    assert answer.status_code == 400
    assert "Sign in by the button on the login page" in answer.text
