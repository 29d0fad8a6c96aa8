"""Where VS Code leads to, with and without hosts of their own for sessions."""

from gpucommons_lab.vscode.pages import session_pages

_BASE = "/user/ada@example.org/"


def test_pages_are_paths_where_the_hub_is_at_the_same_host():
    pages = session_pages(_BASE, "", {"JUPYTERHUB_BASE_URL": "/", "JUPYTERHUB_HOST": ""})
    assert pages == {"lab": f"{_BASE}lab", "sessions": "/hub/home", "documentation": None}


def test_a_hub_at_another_host_is_led_to_by_its_whole_address():
    there = {"JUPYTERHUB_BASE_URL": "/", "JUPYTERHUB_HOST": "https://hub.example.org"}
    pages = session_pages(_BASE, "", there)
    assert pages["lab"] == f"{_BASE}lab"
    assert pages["sessions"] == "https://hub.example.org/hub/home"


def test_without_a_hub_there_are_no_sessions_to_lead_to():
    assert session_pages("/", "https://docs.example.org", {}) == {
        "lab": "/lab",
        "sessions": None,
        "documentation": "https://docs.example.org",
    }
