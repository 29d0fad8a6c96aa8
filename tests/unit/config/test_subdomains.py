"""What follows where each person's sessions get a host of their own."""

import copy

import pytest
from gpucommons_config.pages.subdomains import keep_sessions_apart, session_host
from traitlets.config import Config

HOST = "hub.example.org"


@pytest.fixture
def c() -> Config:
    c = Config()
    c.JupyterHub.subdomain_host = f"https://{HOST}"
    c.JupyterHub.services = [{"name": "idle", "url": "http://idle:10101"}, {"name": "people"}]
    return c


def test_without_it_nothing_changes():
    c = Config()
    keep_sessions_apart(c)
    assert c.JupyterHub == {}


def test_sessions_of_two_people_have_two_hosts_and_services_are_at_the_hub_s():
    people = ("ada@example.org", "ada.example.org", "ada", "Ада", "a" * 300, "idle")
    hosts = [session_host(each, HOST, "user") for each in people]
    assert len({*hosts, HOST}) == len(people) + 1
    for each in hosts:
        name, _, rest = each.partition(".")
        assert rest == HOST  # one name below it: a certificate's * is for no more
        assert len(name) <= 63
    assert session_host("idle", HOST, "service") == HOST


def test_services_say_where_they_are_as_they_know_it_themselves(c):
    keep_sessions_apart(c)
    assert c.JupyterHub.services == [
        {
            "name": "idle",
            "url": "http://idle:10101",
            "oauth_redirect_uri": "/services/idle/oauth_callback",
        },
        {"name": "people"},
    ]


def test_a_hub_below_a_path_says_so_to_services(c):
    c.JupyterHub.base_url = "/gpus/"
    keep_sessions_apart(c)
    path = c.JupyterHub.services[0]["oauth_redirect_uri"]
    assert path == "/gpus/services/idle/oauth_callback"


def test_a_service_that_the_hub_starts_is_told_by_it(c):
    started = {"name": "x", "url": "http://127.0.0.1:1", "command": ["x"]}
    c.JupyterHub.services = [started]
    keep_sessions_apart(c)
    assert c.JupyterHub.services == [started]


@pytest.mark.parametrize(
    ("host", "prefixed"), [(f"https://{HOST}", True), (HOST, True), (f"http://{HOST}", None)]
)
def test_no_session_can_set_the_hub_s_cookies_where_there_is_https(c, host, prefixed):
    c.JupyterHub.subdomain_host = host
    keep_sessions_apart(c)
    assert c.JupyterHub.get("cookie_host_prefix_enabled") is prefixed


def test_what_the_installation_sets_stays_and_a_second_call_changes_nothing(c):
    c.JupyterHub.subdomain_hook = "idna"
    c.JupyterHub.cookie_host_prefix_enabled = False
    before = copy.deepcopy(c)
    keep_sessions_apart(c)
    assert c == before
    del c.JupyterHub["subdomain_hook"]
    keep_sessions_apart(c)
    once = copy.deepcopy(c)
    keep_sessions_apart(c)
    assert c == once
