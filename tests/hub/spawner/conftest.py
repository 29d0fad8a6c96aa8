"""An API server, a node and a hub for the tests of this folder."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from tests.waiting import PAGE_PATIENCE_MS
from tests.waiting import until as wait_until

from ..pages import sign_in
from .api_server import ClusterWithTeams
from .mounted_file import MountedFile
from .node import Node
from .played_culler import PlayedCuller
from .spawn_hub import PATIENT, SAVING, SpawnHub

_PICTURES = Path(__file__).parents[3] / "build" / "pictures" / "picker"
CATALOGUE = Path(__file__).with_name("catalogue.yaml")


@pytest.fixture(scope="package")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("spawner")


@pytest.fixture(scope="package")
def api(folder) -> Iterator[ClusterWithTeams]:
    api = ClusterWithTeams(folder)
    api.start()
    yield api
    api.stop()


@pytest.fixture(scope="package")
def node(api) -> Iterator[Node]:
    node = Node(api, gpus=2, shares=4)
    node.start()
    yield node
    node.stop()


@pytest.fixture
def notices(node) -> list[dict]:
    """What sessions are told from now on."""
    node.notices.clear()
    return node.notices


@pytest.fixture(scope="package")
def mounted_catalogue(folder) -> MountedFile:
    return MountedFile(folder / "catalogue", CATALOGUE.read_text())


@pytest.fixture(scope="package")
def played_culler(folder) -> PlayedCuller:
    return PlayedCuller(folder)


@pytest.fixture
def culler(hub, played_culler) -> Iterator[PlayedCuller]:
    """The idle culler, as the hub asks it."""
    yield played_culler
    played_culler.known, played_culler.silent = [], False


@pytest.fixture(scope="package")
def started_hub(folder, api, node, mounted_catalogue, played_culler) -> Iterator[SpawnHub]:
    more = PATIENT + SAVING + played_culler.config
    hub = SpawnHub(folder, mounted_catalogue.path, api.kubeconfig, node.session_port, more=more)
    played_culler.start(f"{hub.url}/hub/api")
    hub.start()
    yield hub
    hub.stop()
    played_culler.stop()


@pytest.fixture
def hub(started_hub, api) -> Iterator[SpawnHub]:
    """The hub; sessions that a test leaves are stopped after it, and their pods gone."""
    yield started_hub
    for user in started_hub.api("GET", "users").json():
        for server in user["servers"]:
            started_hub.stop_server(user["name"], server)
    started_hub.until(lambda: not api.pods())


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    """Wait until something holds."""
    return wait_until


@pytest.fixture
def write_catalogue(hub, mounted_catalogue) -> Iterator[Callable[[str], None]]:
    """Put another catalogue in force, until the test ends."""

    def since() -> str:
        return hub.api("GET", "gpucommons/catalogue").json()["in_force_since"]

    def write(text: str) -> None:
        before, now = since(), time.time()
        time.sleep(max(0, datetime.fromisoformat(before).timestamp() + 1 - now))
        mounted_catalogue.write(text)
        hub.until(lambda: since() != before)

    yield write
    write(CATALOGUE.read_text())


def _close(page: Page) -> None:
    """Leave the page first: Chromium may hang on a context that closes while its page changes.

    A page that is just being led elsewhere, as to a session that became ready, does not let
    itself be led away; without a network it is led nowhere any more.
    """
    page.context.set_offline(True)
    for last in (False, False, False, False, True):
        try:
            page.goto("about:blank")
            break
        except PlaywrightError:
            if last:
                raise
            page.wait_for_timeout(500)
    page.context.close()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(chromium, hub, request) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=hub.url, java_script_enabled=request.param, viewport={"width": 360, "height": 800}
    )
    context.set_default_timeout(PAGE_PATIENCE_MS)
    page = context.new_page()
    yield page
    _close(page)


@pytest.fixture
def scripted_page(chromium, hub) -> Iterator[Page]:
    context = chromium.new_context(base_url=hub.url, viewport={"width": 360, "height": 800})
    context.set_default_timeout(PAGE_PATIENCE_MS)
    page = context.new_page()
    yield page
    _close(page)


@pytest.fixture
def open_picker() -> Callable[..., None]:
    """Sign somebody in and open the page on which sessions are started."""

    def open_picker(page: Page, name: str, address: str = "/hub/spawn") -> None:
        page.set_default_timeout(PAGE_PATIENCE_MS)
        sign_in(page, name, address)
        expect(page.get_by_role("heading", name="Start a session")).to_be_visible()

    return open_picker


@pytest.fixture
def keep_picture() -> Callable[[Page, str], None]:
    """Save a picture of the whole page under build/pictures, to be looked at."""
    _PICTURES.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=_PICTURES / f"{name}.png", full_page=True)

    return keep
