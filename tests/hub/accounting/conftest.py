"""A hub with accounting as its service, and an API server that tells it of sessions."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page

from tests.waiting import PAGE_PATIENCE_MS

from ..kubernetes import APIServer
from ..pages_hub import PagesHub


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("accounting")


@pytest.fixture(scope="module")
def api(folder) -> Iterator[APIServer]:
    api = APIServer(folder)
    api.start()
    yield api
    api.stop()


@pytest.fixture(scope="module")
def hub(folder, api) -> Iterator[PagesHub]:
    values = {
        "Accounting": {
            "db_url": f"sqlite:///{folder / 'accounting.sqlite'}",
            "time_zone": "Europe/Berlin",
            "address": "127.0.0.1",
        },
        "BudgetMail": {"mail_host": "localhost", "mail_from": "gpus@example.org"},
        "Languages": {"offered": ["en", "de", "ko"]},
    }
    file = folder / "values.yaml"
    environment = {"KUBECONFIG": str(api.kubeconfig), "GPUCOMMONS_VALUES": str(file)}
    service = ["gpucommons_config.command", "usage", "run"]
    hub = PagesHub(folder, service, name="gpu", environment=environment, scopes=["read:users"])
    values["Accounting"]["port"] = hub.service_port
    file.write_text(yaml.safe_dump(values))
    hub.start()
    for name in ("ada", "ben"):
        hub.add(name)
    yield hub
    hub.stop()


@pytest.fixture
def open_page(hub, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open one of the pages as somebody, who signs in at the hub for it."""
    contexts = []

    def open_page(name: str, path: str = "", width: int = 1280, **options: object) -> Page:
        size = {"width": width, "height": 800}
        context = chromium.new_context(base_url=hub.url, viewport=size, **options)
        context.set_default_timeout(PAGE_PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"/services/gpu/{path}")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill("any")
        page.locator("input[type=submit]").click()
        page.wait_for_url(f"**/services/gpu/{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
