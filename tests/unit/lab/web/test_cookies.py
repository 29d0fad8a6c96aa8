"""The cookie ``_xsrf`` of a session, by what the hub says of where people come from."""

import pytest
from gpucommons_lab.web.cookies import secure_xsrf_cookie


def _kwargs(environment, **settings):
    secure_xsrf_cookie(settings, environment)
    return settings.get("xsrf_cookie_kwargs")


@pytest.mark.parametrize(
    "environment",
    [
        {"JUPYTERHUB_COOKIE_OPTIONS": '{"secure": true}'},
        {"JUPYTERHUB_PUBLIC_URL": "https://hub.example.org/user/ada/"},
        {"JUPYTERHUB_COOKIE_OPTIONS": "broken", "JUPYTERHUB_PUBLIC_URL": "https://hub.example.org"},
    ],
)
def test_it_is_for_https_alone_where_people_come_by_https(environment):
    settings = {"xsrf_cookie_kwargs": {"path": "/user/ada/"}}
    assert _kwargs(environment, **settings) == {"path": "/user/ada/", "secure": True}


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"JUPYTERHUB_PUBLIC_URL": ""},
        {"JUPYTERHUB_PUBLIC_URL": "http://127.0.0.1:8000/user/ada/"},
        {"JUPYTERHUB_COOKIE_OPTIONS": "[]"},
        {"JUPYTERHUB_COOKIE_OPTIONS": '{"secure": false}', "JUPYTERHUB_PUBLIC_URL": "https://a.b"},
    ],
)
def test_it_goes_by_http_where_people_come_by_http_or_the_hub_says_so(environment):
    assert _kwargs(environment) is None


def test_what_is_set_for_it_stays():
    set_before = {"xsrf_cookie_kwargs": {"secure": False}}
    environment = {"JUPYTERHUB_PUBLIC_URL": "https://hub.example.org"}
    assert _kwargs(environment, **set_before) == {"secure": False}
