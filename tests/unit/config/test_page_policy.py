"""What browsers are told about the hub's pages."""

import asyncio
import re

import httpx
import pytest
from gpucommons_config.pages.page_policy import PolicyOfPages, ScriptsOfTemplates, protect_pages
from gpucommons_contract.page_policy import HEADERS
from jinja2 import DictLoader, Environment
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from traitlets.config import Config

_TEMPLATES = {
    "page.html": "<script>begin()</script>{% block main %}{% endblock %}<script src=a.js></script>",
    "plain.html": "<p>{{ name }}</p>",
    "written.html": "{% extends 'page.html' %}{% block main %}<style>p {}</style>{% endblock %}",
    "trusting.html": "{% extends 'page.html' %}{% block main %}{{ name | safe }}{% endblock %}",
    "admin.html": "{% extends 'page.html' %}",
}


class _Page(RequestHandler):
    def initialize(self, pages: Environment, template: str, headers: dict[str, str]) -> None:
        self._pages, self._template, self._more = pages, template, headers

    async def get(self) -> None:
        self.set_header("Content-Security-Policy", "frame-ancestors 'none'; report-uri /report")
        for name, value in self._more.items():
            self.set_header(name, value)
        template = self._pages.get_template(self._template)
        await asyncio.sleep(0)  # another request may be answered meanwhile
        self.finish(await template.render_async(name=self.get_query_argument("name", "")))


@pytest.fixture
def ask():
    """Ask for a page of a template, at a path of one's own, with headers that the handler sets."""
    pages = Environment(
        loader=DictLoader(_TEMPLATES),
        autoescape=True,
        enable_async=True,
        extensions=[ScriptsOfTemplates],
    )

    async def get(template, path="/hub/page", host="", name="", **headers):
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        handler = (path, _Page, {"pages": pages, "template": template, "headers": given})
        c = Config()
        if host:
            c.JupyterHub.subdomain_host = host
        protect_pages(c)
        transforms = c.JupyterHub.tornado_settings["transforms"]
        server = HTTPServer(Application([handler], transforms=transforms))
        socket, port = bind_unused_port()
        server.add_socket(socket)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                asked = (client.get(path, params={"name": name}) for _ in range(2))
                answer, _ = await asyncio.gather(*asked)
        finally:
            server.stop()
            await server.close_all_connections()
        return answer

    return get


def _policy(answer: httpx.Response) -> dict[str, str]:
    said = answer.headers["content-security-policy"].split("; ")
    directives = dict(each.split(" ", 1) for each in said)
    assert len(directives) == len(said)
    return directives


async def test_a_page_loads_what_the_hub_has_and_its_frame_is_nobody_s(ask):
    policy = _policy(await ask("plain.html"))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert policy["report-uri"] == "/report"


async def test_what_a_template_says_may_run_and_what_a_value_says_may_not(ask):
    answer = await ask("trusting.html", name="<script>steal()</script>")
    nonce = re.search(r"'nonce-([\w-]{20,})'", _policy(answer)["script-src"])[1]
    assert f'<script nonce="{nonce}">begin()' in answer.text
    assert f'<script nonce="{nonce}" src=a.js>' in answer.text
    assert "<script>steal()" in answer.text  # with no nonce, no browser runs it
    assert "unsafe" not in answer.headers["content-security-policy"]


async def test_styles_of_a_template_have_the_nonce_too(ask):
    answer = await ask("written.html")
    policy = _policy(answer)
    assert policy["style-src"] == policy["script-src"]
    assert re.search(r'<style nonce="[\w-]+">p', answer.text)


async def test_each_response_has_a_nonce_of_its_own(ask):
    first, second = await ask("written.html"), await ask("written.html")
    for each in (first, second):
        (nonce,) = set(re.findall(r'nonce="([\w-]+)"', each.text))
        assert f"'nonce-{nonce}'" in _policy(each)["script-src"]
    assert _policy(first) != _policy(second)


async def test_only_the_page_whose_scripts_bring_styles_takes_them(ask):
    policy = _policy(await ask("admin.html"))
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert "unsafe" not in policy["script-src"]
    assert "nonce-" in policy["script-src"]


async def test_who_decided_what_pages_may_run_is_not_corrected(ask):
    own = "script-src 'self' 'unsafe-inline'"
    answer = await ask("written.html", Content_Security_Policy=own, Referrer_Policy="no-referrer")
    assert answer.headers["content-security-policy"] == own
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_one_directive_of_an_installation_stands_in_the_place_of_ours(ask):
    own = "frame-ancestors https://portal.example.org; img-src *"
    policy = _policy(await ask("plain.html", Content_Security_Policy=own))
    assert policy["frame-ancestors"] == "https://portal.example.org"
    assert policy["img-src"] == "*"
    assert policy["default-src"] == "'self'"


async def test_what_is_no_page_is_not_sniffed_and_needs_no_more(ask):
    answer = await ask("plain.html", Content_Type="application/json")
    assert answer.headers["content-security-policy"] == "frame-ancestors 'none'; report-uri /report"
    for name, value in HEADERS.items():
        assert answer.headers[name] == value


@pytest.mark.parametrize("host", ["https://hub.example.org:8443", "hub.example.org:8443"])
async def test_a_form_leads_to_sessions_that_have_addresses_of_their_own(ask, host):
    policy = _policy(await ask("plain.html", host=host))
    assert policy["form-action"] == "'self' https://*.hub.example.org:8443"


async def test_who_lets_an_application_in_is_led_to_it(ask):
    assert _policy(await ask("plain.html", "/hub/api/oauth2/authorize"))["form-action"] == "*"


# The configuration


def test_cookies_are_not_sent_with_other_sites_requests_unless_an_installation_says_so():
    c = Config()
    protect_pages(c)
    settings = c.JupyterHub.tornado_settings
    assert settings["cookie_options"] == settings["xsrf_cookie_kwargs"] == {"samesite": "Lax"}
    c = Config()
    c.JupyterHub.tornado_settings = {"cookie_options": {"SameSite": "None", "secure": True}}
    protect_pages(c)
    assert c.JupyterHub.tornado_settings["cookie_options"] == {"SameSite": "None", "secure": True}


def test_a_second_call_changes_nothing_and_what_is_set_stays():
    c = Config()
    c.JupyterHub.tornado_settings = {"transforms": [PolicyOfPages], "slow_spawn_timeout": 0}
    c.JupyterHub.jinja_environment_options = {"extensions": ["jinja2.ext.do"]}
    protect_pages(c)
    once = (dict(c.JupyterHub.tornado_settings), dict(c.JupyterHub.jinja_environment_options))
    assert once[0]["slow_spawn_timeout"] == 0
    assert once[1]["extensions"] == ["jinja2.ext.do", ScriptsOfTemplates]
    protect_pages(c)
    assert once == (c.JupyterHub.tornado_settings, c.JupyterHub.jinja_environment_options)


def test_a_page_that_is_drawn_for_nobody_has_no_nonce():
    pages = Environment(
        loader=DictLoader(_TEMPLATES), autoescape=True, extensions=[ScriptsOfTemplates]
    )
    assert 'nonce=""' in pages.get_template("written.html").render()
