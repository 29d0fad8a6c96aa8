"""Signing in where hub and Dex speak HTTPS, with a client that trusts one authority alone."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gpucommons_local.machine.certificates import CertificateFiles, make_certificates

from tests.waiting import until

from .browser import Browser
from .dex import Dex
from .login_hub import Hub

_PERSON = "ada@example.org"
_MORE = """
from gpucommons_config.pages.https import tell_browsers_of_https
c.JupyterHub.ssl_cert = {certificate!r}
c.JupyterHub.ssl_key = {key!r}
c.JupyterHub.default_url = "/hub/home"
c.DexOAuthenticator.oauth_callback_url = {callback!r}
c.DexOAuthenticator.http_request_kwargs = {{"ca_certs": {authority!r}}}
# A real session: it signs people in at the hub by itself.
c.Spawner.cmd = ["jupyterhub-singleuser"]
c.Spawner.args = ["--allow-root"]
tell_browsers_of_https(c)
"""
_BEHIND = """
from gpucommons_config.pages.https import tell_browsers_of_https
c.DexOAuthenticator.oauth_callback_url = "https://hub.example.org/hub/oauth_callback"
c.DexOAuthenticator.http_request_kwargs = {{"ca_certs": {authority!r}}}
tell_browsers_of_https(c)
"""


def _made(folder: Path) -> CertificateFiles:
    files = CertificateFiles(folder)
    make_certificates(files)
    return files


@pytest.fixture(scope="module")
def files(hub_folder) -> CertificateFiles:
    return _made(hub_folder / "https")


@pytest.fixture(scope="module")
def stopped_hub(hub_folder) -> Hub:
    return Hub(hub_folder, scheme="https")


@pytest.fixture(scope="module")
def dex(hub_folder, stopped_hub, files) -> Iterator[Dex]:
    dex = Dex(hub_folder, stopped_hub.url, certificate=files.served)
    dex.start()
    yield dex
    dex.stop()


@pytest.fixture(scope="module")
def hub(stopped_hub, dex, files) -> Iterator[Hub]:
    more = _MORE.format(
        certificate=str(files.server),
        key=str(files.server_key),
        authority=str(files.authority),
        callback=f"{stopped_hub.url}/hub/oauth_callback",
    )
    stopped_hub.configure(dex.issuer, more)
    stopped_hub.start()
    yield stopped_hub
    stopped_hub.stop()


@pytest.fixture
def trusted(files) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=files.authority)


@pytest.fixture
def browser(hub, trusted) -> Iterator[Browser]:
    with Browser(hub.url, trusted) as browser:
        yield browser


def _set_cookies(page: httpx.Response) -> list[str]:
    """The cookies that were set on the way to a page, and on it."""
    return [
        cookie for each in [*page.history, page] for cookie in each.headers.get_list("set-cookie")
    ]


def _is_secure(cookie: str) -> bool:
    return "secure" in {each.strip().lower() for each in cookie.split(";")}


def test_a_person_signs_in_and_no_step_goes_by_http(browser):
    form = browser.open_dex()
    steps = [each.url for each in form.history]
    answer = browser.fill_in(form, _PERSON)
    page = browser.follow(browser.come_back(answer))
    steps += [answer.url, page.url, *(each.url for each in page.history)]
    assert page.status_code == 200
    assert page.url.path == "/hub/home"
    assert {each.scheme for each in steps} == {"https"}
    assert "http://127" not in page.text


def test_every_cookie_of_the_hub_is_for_https_alone(browser):
    form = browser.open_dex()
    cookies = _set_cookies(form)
    page = browser.follow(browser.come_back(browser.fill_in(form, _PERSON)))
    cookies += _set_cookies(page)
    names = {each.partition("=")[0] for each in cookies}
    assert {"_xsrf", "jupyterhub-session-id", "jupyterhub-hub-login"} <= names
    assert any(name.startswith("gpucommons-login-") for name in names)
    # What only forgets a cookie holds nothing.
    kept = [each for each in cookies if '=""' not in each]
    assert [each for each in kept if not _is_secure(each)] == []


def test_a_browser_s_own_header_makes_no_cookie_go_by_http(browser):
    page = browser.get("/hub/login", headers={"X-Forwarded-Proto": "http"})
    cookies = _set_cookies(page)
    assert cookies
    assert all(map(_is_secure, cookies))


def test_browsers_are_told_to_come_by_https_from_now_on(browser):
    page = browser.get("/hub/login")
    assert page.headers.get_list("strict-transport-security") == ["max-age=86400"]


def test_a_session_signs_in_at_the_hub_by_https_and_its_cookies_are_for_https_alone(hub, browser):
    browser.sign_in(_PERSON)
    headers = {"Authorization": f"token {_token(browser)}"}
    browser.post(f"/hub/api/users/{_PERSON}/server", headers=headers).raise_for_status()

    def is_ready() -> bool:
        model = browser.get(f"/hub/api/users/{_PERSON}", headers=headers).json()
        return bool(model["servers"].get("", {}).get("ready"))

    try:
        until(is_ready, instead=hub.tail)
        page = browser.follow(f"/user/{_PERSON}/lab")
    finally:
        browser.delete(f"/hub/api/users/{_PERSON}/server", headers=headers)
    assert page.status_code == 200
    assert page.url.path == f"/user/{_PERSON}/lab"
    assert {each.url.scheme for each in [*page.history, page]} == {"https"}
    cookies = [each for each in _set_cookies(page) if '=""' not in each]
    of_session = [each for each in cookies if "Path=/user/" in each]
    assert any(each.startswith("jupyterhub-user-") for each in of_session)
    assert any(each.startswith("_xsrf=") for each in of_session)
    assert [each for each in cookies if not _is_secure(each)] == []


def _token(browser: Browser) -> str:
    xsrf = next(each.value for each in browser.cookies.jar if each.name == "_xsrf")
    answer = browser.post(
        f"/hub/api/users/{_PERSON}/tokens", json={}, headers={"X-XSRFToken": xsrf or ""}
    )
    answer.raise_for_status()
    return str(answer.json()["token"])


@pytest.fixture
def behind_an_ingress(dex, files, tmp_path) -> Iterator[Hub]:
    """A hub whose own proxy speaks HTTP, to another one that has the certificate."""
    hub = Hub(tmp_path)
    hub.configure(dex.issuer, _BEHIND.format(authority=str(files.authority)))
    hub.start()
    yield hub
    hub.stop()


def test_cookies_are_for_https_alone_although_the_last_proxy_speaks_http(behind_an_ingress):
    headers = {"X-Forwarded-Proto": "https", "Host": "hub.example.org"}
    answer = httpx.get(f"{behind_an_ingress.url}/hub/oauth_login", headers=headers, timeout=60)
    assert answer.headers["location"].startswith("https://127.0.0.1:")  # Dex
    [login] = [each for each in _set_cookies(answer) if each.startswith("gpucommons-login-")]
    assert _is_secure(login)
    assert "strict-transport-security" not in answer.headers  # the other proxy's to send


def test_who_does_not_know_the_authority_is_not_connected(hub, tmp_path):
    other = ssl.create_default_context(cafile=_made(tmp_path).authority)
    for trusted in (other, None):
        with Browser(hub.url, trusted) as browser, pytest.raises(httpx.ConnectError, match="CERT"):
            browser.get("/hub/login")


def test_a_dex_of_another_authority_is_refused_and_the_log_names_it(
    hub, dex, browser, hub_folder, tmp_path
):
    port = httpx.URL(dex.issuer).port
    dex.stop()
    played = Dex(tmp_path, hub.url, port=port, certificate=_made(tmp_path / "other").served)
    played.start()
    try:
        page = browser.follow("/hub/oauth_login")
    finally:
        played.stop()
        dex.start()
    assert page.status_code == 503
    assert "Sign-in is not set up correctly" in page.text
    [line] = [each for each in hub.text().splitlines() if "is not trusted" in each]
    assert f"The certificate that {dex.issuer}/" in line
    assert f"The hub trusts the authorities in {hub_folder / 'https' / 'ca.crt'}." in line
    assert "DexOAuthenticator.http_request_kwargs: {ca_certs: FILE}" in line
    assert browser.sign_in(_PERSON).status_code == 200
