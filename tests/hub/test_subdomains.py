"""A hub that gives each person's sessions an origin of their own, in Chromium by HTTPS."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gpucommons_config.hub import defaults
from gpucommons_contract import Endpoint, Notice
from gpucommons_local.machine.certificates import CertificateFiles, make_certificates
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.waiting import PAGE_PATIENCE_MS, until

from .dex import PASSWORD, Dex
from .jupyter_lab import EXTENSION, REPOSITORY
from .login_hub import Hub
from .processes import Program, free_port

ADA, GRACE = "ada@example.org", "grace@example.org"
_DOMAIN = "hub.localhost"
"""Chromium finds all names below localhost on this machine."""
_SERVICE_TOKEN = "token-of-the-visited"
_SERVICE = '''
"""A service as those in pods: it knows its own path, and nothing of hosts."""
import asyncio, os, sys
from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado.web import Application, RequestHandler, authenticated

class Page(HubOAuthenticated, RequestHandler):
    @authenticated
    def get(self):
        self.write("You are " + self.get_current_user()["name"])

class Health(RequestHandler):
    def get(self):
        self.write("well")

async def main():
    Application(
        [
            ("/health", Health),
            ("/services/visited/", Page),
            ("/services/visited/oauth_callback", HubOAuthCallbackHandler),
        ],
        cookie_secret=b"x" * 32,
    ).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(main())
'''
_MORE = """
from gpucommons_config.pages.https import tell_browsers_of_https
from gpucommons_config.pages.subdomains import keep_sessions_apart
c.JupyterHub.hub_port = {hub_port}
c.JupyterHub.subdomain_host = {public!r}
c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = {certificate!r}
c.JupyterHub.default_url = "/hub/home"
c.DexOAuthenticator.oauth_callback_url = {public!r} + "/hub/oauth_callback"
c.Spawner.cmd = [*c.Spawner.cmd[:1], "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--LabApp.app_settings_dir=" + {settings!r}]
c.Spawner.server_token_scopes = {scopes!r}
c.Spawner.environment = {{"JUPYTER_PATH": {data!r}, "JUPYTER_CONFIG_PATH": {config!r}}}
c.JupyterHub.services.append({{
    "name": "visited", "url": {service!r}, "api_token": {token!r}, "oauth_no_confirm": True,
}})
c.JupyterHub.load_roles[1] = {{
    "name": "user", "scopes": ["self", "access:services!service=visited"],
}}
tell_browsers_of_https(c)
keep_sessions_apart(c)
"""


@dataclass(frozen=True)
class World:
    hub: Hub
    public: str
    """The hub's address in the browser."""

    def host_of(self, user: str) -> str:
        """The address of somebody's sessions, as the hub tells it."""
        url = self.hub.api("GET", f"users/{user}").json()["servers"][""]["full_url"]
        return re.match(r"https://[^/]+", url)[0]


@pytest.fixture(scope="module")
def world(hub_folder, built_panel) -> Iterator[World]:
    extensions = hub_folder / "share" / "labextensions" / "@gpucommons"
    extensions.mkdir(parents=True)
    (extensions / "lab").symlink_to(EXTENSION / "gpucommons_lab" / "labextension")
    settings = hub_folder / "settings"
    settings.mkdir()
    (settings / "overrides.json").symlink_to(REPOSITORY / "images" / "base" / "overrides.json")
    files = CertificateFiles(hub_folder / "https")
    make_certificates(files)
    hub = Hub(hub_folder, scheme="https")
    public = f"https://{_DOMAIN}:{hub.url.rpartition(':')[2]}"
    dex = Dex(hub_folder, public)
    hub_port, port = free_port(), free_port()
    more = _MORE.format(
        hub_port=hub_port,
        settings=str(settings),
        scopes=defaults().Spawner.server_token_scopes,
        data=str(hub_folder / "share"),
        config=str(EXTENSION / "jupyter-config"),
        public=public,
        certificate=tuple(map(str, files.served)),
        service=f"http://127.0.0.1:{port}",
        token=_SERVICE_TOKEN,
    )
    hub.configure(dex.issuer, more)
    running = []
    try:
        for each in (dex, hub, _service(hub_folder, hub_port, port)):
            each.start()
            running.append(each)
        yield World(hub, public)
    finally:
        for each in reversed(running):
            each.stop()


def _service(folder: Path, hub_port: int, port: int) -> Program:
    environment = {
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub_port}/hub/api",
        "JUPYTERHUB_API_TOKEN": _SERVICE_TOKEN,
        "JUPYTERHUB_SERVICE_PREFIX": "/services/visited/",
        "JUPYTERHUB_CLIENT_ID": "service-visited",
    }
    command = [sys.executable, "-c", _SERVICE, str(port)]
    return Program(command, f"http://127.0.0.1:{port}/health", folder / "service.log", environment)


@pytest.fixture(scope="module")
def context(world, chromium: Browser) -> Iterator[BrowserContext]:
    """Ada's browser, in which she is signed in."""
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(PAGE_PATIENCE_MS)
    page = context.new_page()
    _sign_in(page, world, ADA)
    yield context
    context.close()


def _sign_in(page: Page, world: World, user: str) -> None:
    page.goto(f"{world.public}/hub/oauth_login?next=/hub/home")
    page.locator("input[name=login]").fill(user)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
    page.wait_for_url(f"{world.public}/hub/home")


@pytest.fixture(scope="module")
def ada(world, context) -> Iterator[str]:
    """Where Ada's session is."""
    yield from _session(world, ADA)


@pytest.fixture(scope="module")
def grace(world, chromium: Browser) -> Iterator[str]:
    """Where Grace's is."""
    with chromium.new_context(ignore_https_errors=True) as others:
        page = others.new_page()
        page.set_default_timeout(PAGE_PATIENCE_MS)
        _sign_in(page, world, GRACE)
    yield from _session(world, GRACE)


def _session(world: World, user: str) -> Iterator[str]:
    assert world.hub.api("POST", f"users/{user}/server").status_code in {201, 202}
    until(lambda: world.hub.server(user).get("ready"), instead=world.hub.tail)
    yield world.host_of(user)
    world.hub.api("DELETE", f"users/{user}/server")


@pytest.fixture
def lab(world, context, ada) -> Iterator[Page]:
    """JupyterLab of Ada's, opened as from a link of the hub."""
    page = context.new_page()
    page.goto(f"{world.public}/user/{ADA}/lab")
    page.locator("#jp-menu-panel").wait_for()
    yield page
    page.close()


_FETCH = """async ([url, options]) => {
    try {
        const answer = await fetch(url, {credentials: 'include', ...options});
        return {status: answer.status, text: await answer.text()};
    } catch (error) { return {refused: String(error)}; }
}"""


def _own(lab: Page, path: str) -> dict[str, Any]:
    """What JupyterLab reads at its own server, by the cookie that others cannot read."""
    token = lab.evaluate("() => /_xsrf=([^;]+)/.exec(document.cookie)[1]")
    return lab.evaluate(_FETCH, [path, {"headers": {"X-XSRFToken": token}}])


def test_a_session_opens_at_an_address_of_its_own(world, lab, ada, grace):
    assert lab.url.startswith(f"{ada}/user/{ADA}/lab")
    assert len({ada, grace, world.public}) == 3
    for each in (ada, grace):
        assert each.endswith(world.public.removeprefix("https:/").replace("/", "."))


def test_jupyterlab_calls_its_own_server_and_leads_to_the_hub(world, lab):
    own = _own(lab, f"/user/{ADA}/gpucommons/api/session")
    assert own["status"] == 200, own
    lab.locator("#jp-menu-panel").get_by_role("menuitem", name="File", exact=True).click()
    with lab.context.expect_page() as opened:
        lab.locator(".lm-Menu").get_by_text("My Sessions").click()
    opened.value.wait_for_url(f"{world.public}/hub/home")
    opened.value.close()


def test_a_notice_of_the_hub_reaches_the_session(world, lab):
    notice = json.loads(Notice("platform", "Maintenance at noon.").to_json())
    path = Endpoint.HUB_NOTICES.removeprefix("api/")
    answer = world.hub.api("POST", path, json={"notice": notice})
    assert f"{ADA}/" in answer.json()["told"]
    expect(lab.get_by_text("Maintenance at noon.")).to_be_visible(timeout=PAGE_PATIENCE_MS)


def test_a_service_stays_at_the_hub_and_signs_people_in(world, context):
    page = context.new_page()
    page.goto(f"{world.public}/services/visited/")
    assert page.url == f"{world.public}/services/visited/"
    assert page.text_content("body") == f"You are {ADA}"
    page.close()


def test_another_person_s_origin_reads_nothing_of_a_session(world, context, lab, ada, grace):
    """Grace's session serves a page that Ada opens while she is signed in."""
    contents = f"/user/{ADA}/api/contents"
    assert _own(lab, contents)["status"] == 200
    page = context.new_page()
    page.route(f"{grace}/user/{GRACE}/trap", lambda route: route.fulfill(body="<html>trap</html>"))
    page.goto(f"{grace}/user/{GRACE}/trap")
    for url in (f"{ada}{contents}", f"{world.public}/hub/api/user"):
        assert "refused" in page.evaluate(_FETCH, [url, {}])
    # What a page may send without being asked changes nothing either.
    form = {"method": "POST", "mode": "no-cors", "body": "type=notebook"}
    before = _files(lab)
    page.evaluate(_FETCH, [f"{ada}{contents}", form])
    assert _files(lab) == before
    names = {each["name"] for each in context.cookies(f"{grace}/user/{GRACE}/")}
    assert names <= {"jupyterhub-session-id"}
    page.close()


def _files(lab: Page) -> str:
    return str(_own(lab, f"/user/{ADA}/api/contents")["text"])


def test_a_session_cannot_set_the_cookie_by_which_the_hub_knows_people(world, context, grace):
    page = context.new_page()
    page.route(f"{grace}/user/{GRACE}/trap", lambda route: route.fulfill(body="<html>trap</html>"))
    page.goto(f"{grace}/user/{GRACE}/trap")
    (name,) = (
        each["name"] for each in context.cookies(world.public) if "hub-login" in each["name"]
    )
    page.evaluate(f"() => document.cookie = '{name}=x; domain={_DOMAIN}; path=/; secure'")
    kept = [each["value"] for each in context.cookies(world.public) if each["name"] == name]
    assert len(kept) == 1
    assert kept != ["x"]
    page.goto(f"{world.public}/hub/home")
    assert page.url == f"{world.public}/hub/home"
    page.close()
