"""Leaving a session from JupyterLab: a real hub, its JupyterLab, and Chromium."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpucommons_config.hub import defaults
from playwright.sync_api import Browser, Locator, Page, expect

from tests.waiting import PAGE_PATIENCE_MS, until

from .jupyter_lab import EXTENSION, REPOSITORY
from .login_hub import Hub

_PERSON = "ana"
_STOP = "Stop This Session and Free the GPU…"
_MORE = """
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.template_paths = []
c.Authenticator.allow_all = True
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--LabApp.app_settings_dir=" + {settings!r}]
c.Spawner.default_url = "/lab"
c.Spawner.server_token_scopes = {scopes!r}
c.Spawner.environment = {{
    "JUPYTER_PATH": {data!r},
    "JUPYTER_CONFIG_PATH": {config!r},
    "GPUCOMMONS_DOCUMENTATION_URL": {documentation!r},
}}
"""


@pytest.fixture(scope="module")
def hub(built_panel: None, stopped_hub, hub_folder) -> Iterator[Hub]:
    """A hub whose sessions are JupyterLabs with our extension and the settings of our images."""
    extensions = hub_folder / "share" / "labextensions" / "@gpucommons"
    extensions.mkdir(parents=True)
    (extensions / "lab").symlink_to(EXTENSION / "gpucommons_lab" / "labextension")
    settings = hub_folder / "settings"
    settings.mkdir()
    (settings / "overrides.json").symlink_to(REPOSITORY / "images" / "base" / "overrides.json")
    more = _MORE.format(
        python=sys.executable,
        settings=str(settings),
        scopes=defaults().Spawner.server_token_scopes,
        data=str(hub_folder / "share"),
        config=str(EXTENSION / "jupyter-config"),
        documentation=f"{stopped_hub.url}/hub/health",
    )
    stopped_hub.configure("http://127.0.0.1:1", more)
    stopped_hub.start()
    yield stopped_hub
    stopped_hub.stop()
    print(_log(hub_folder))  # noqa: T201 -- shown if the module's last test failed


def _log(folder: Path) -> str:
    return (folder / "hub.log").read_text()[-20_000:]


@pytest.fixture
def lab(hub: Hub, chromium: Browser) -> Iterator[Page]:
    """JupyterLab in a session of somebody who is signed in."""
    page = chromium.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(PAGE_PATIENCE_MS)
    # Past JupyterHub's own page of a start: its style is not one that our policy lets in.
    page.goto(f"{hub.url}/hub/login?next=/hub/health")
    page.get_by_label("Username").fill(_PERSON)
    page.get_by_label("Password").fill("any")
    page.locator("input[type=submit]").click()
    page.wait_for_url("**/hub/health")
    hub.api("POST", f"users/{_PERSON}/server")
    until(lambda: hub.server(_PERSON).get("ready"), instead=hub.tail)
    page.goto(f"{hub.url}/user/{_PERSON}/lab", wait_until="commit")
    page.locator("#jp-menu-panel").wait_for()
    yield page
    page.close()
    hub.api("DELETE", f"users/{_PERSON}/server")
    until(lambda: not hub.server(_PERSON))


def _menu(lab: Page, name: str) -> Locator:
    lab.locator("#jp-menu-panel").get_by_role("menuitem", name=name, exact=True).click()
    menu = lab.locator(".lm-Menu")
    menu.wait_for()
    return menu


def test_a_session_is_stopped_from_the_file_menu_and_its_documents_are_saved(
    lab: Page, hub: Hub, hub_folder: Path
) -> None:
    home = hub_folder / "homes" / _PERSON
    lab.locator(".jp-LauncherCard", has_text="Text File").click()
    lab.locator(".jp-FileEditor .cm-content").click()
    lab.keyboard.type("unsaved words")
    _menu(lab, "File").get_by_text(_STOP).click()
    dialog = lab.get_by_role("dialog")
    expect(dialog).to_contain_text(
        "Stopping loses variables and what runs; files, tabs and layout come back."
    )
    dialog.get_by_role("button", name="Save and Stop").click()
    lab.wait_for_url("**/hub/home", wait_until="commit")
    until(lambda: not hub.server(_PERSON))
    assert (home / "untitled.txt").read_text() == "unsaved words"


def test_the_menus_lead_to_the_hub_and_to_the_documentation(lab: Page, hub: Hub) -> None:
    menu = _menu(lab, "File")
    expect(menu.get_by_text("Another Size…")).to_be_visible()
    expect(menu.get_by_text("Hub Control Panel")).to_have_count(0)  # My Sessions is the same
    with lab.context.expect_page() as opened:
        menu.get_by_text("My Sessions").click()
    opened.value.wait_for_url(f"{hub.url}/hub/home", wait_until="commit")
    with lab.context.expect_page() as opened:
        _menu(lab, "Help").get_by_text("GPU Commons Documentation").click()
    opened.value.wait_for_url(f"{hub.url}/hub/health", wait_until="commit")
