"""What browsers are told where people reach the hub by HTTPS."""

import copy

import pytest
from gpucommons_config.pages.https import HEADER, tell_browsers_of_https
from traitlets.config import Config

_CALLBACK = "https://hub.example.org/hub/oauth_callback"


def _settings(c: Config) -> dict[str, dict[str, object]]:
    tell_browsers_of_https(c)
    return copy.deepcopy(c.JupyterHub.get("tornado_settings", {}))


@pytest.fixture
def serving() -> Config:
    """A hub whose own proxy has the certificate."""
    c = Config()
    c.JupyterHub.ssl_cert = "/etc/hub/server.crt"
    return c


@pytest.mark.parametrize(
    ("section", "trait", "value"),
    [
        ("JupyterHub", "ssl_cert", "/etc/hub/server.crt"),
        ("JupyterHub", "public_url", "https://hub.example.org/"),
        ("DexOAuthenticator", "oauth_callback_url", _CALLBACK),
    ],
)
def test_wherever_tls_ends_all_cookies_are_for_https_alone(section, trait, value):
    c = Config()
    c[section][trait] = value
    settings = _settings(c)
    assert settings["cookie_options"]["secure"] is True
    assert settings["xsrf_cookie_kwargs"]["secure"] is True


def test_a_hub_that_is_reached_by_http_says_nothing_of_https():
    c = Config()
    c.DexOAuthenticator.oauth_callback_url = "http://127.0.0.1:8000/hub/oauth_callback"
    assert _settings(c) == {}


def test_browsers_are_told_to_stay_where_the_hub_serves_https_itself(serving):
    assert _settings(serving)["headers"] == {HEADER: "max-age=86400"}


def test_before_another_proxy_the_header_is_that_one_s_to_send():
    c = Config()
    c.DexOAuthenticator.oauth_callback_url = _CALLBACK
    assert "headers" not in _settings(c)


def test_what_the_installation_sets_stays(serving):
    headers = {"strict-transport-security": "max-age=0", "X-Lab": "ours"}
    serving.JupyterHub.tornado_settings = {
        "headers": headers,
        "cookie_options": {"samesite": "Strict"},
        "slow_spawn_timeout": 0,
    }
    settings = _settings(serving)
    assert settings["headers"] == headers
    assert settings["slow_spawn_timeout"] == 0
    # JupyterHub would use cookie_options for this cookie, if we had set nothing.
    assert settings["xsrf_cookie_kwargs"] == {"secure": True, "samesite": "Strict"}
    assert _settings(serving) == settings


def test_other_headers_of_the_installation_do_not_take_ours_away(serving):
    serving.JupyterHub.tornado_settings.update({"headers": {"X-Lab": "ours"}})
    assert _settings(serving)["headers"] == {"X-Lab": "ours", HEADER: "max-age=86400"}
