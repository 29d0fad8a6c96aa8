"""One Dex and one hub for the tests of a module, each on ports of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpucommons_local.machine.cache import checkout

from .browser import Browser
from .dex import Dex
from .hostile_issuer import HostileIssuer
from .login_hub import Hub


@pytest.fixture(scope="session")
def built_panel() -> None:
    """Build the page's part of the lab extension, which takes seconds where nothing changed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["npm", "run", "--silent", "build:prod"]
    folder = checkout() / "lab_extension"
    subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, check=True)


@pytest.fixture(scope="module")
def hub_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def stopped_hub(hub_folder) -> Hub:
    """A hub with an address, not configured and not started yet."""
    return Hub(hub_folder)


@pytest.fixture(scope="module")
def dex(hub_folder, stopped_hub) -> Iterator[Dex]:
    dex = Dex(hub_folder, stopped_hub.url)
    dex.start()
    yield dex
    dex.stop()


@pytest.fixture(scope="module")
def issuer() -> Iterator[HostileIssuer]:
    """An issuer that says what a test wants, for modules whose hub trusts it and not Dex."""
    issuer = HostileIssuer()
    issuer.start()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="module")
def hub(stopped_hub, dex) -> Iterator[Hub]:
    stopped_hub.configure(dex.issuer)
    stopped_hub.start()
    yield stopped_hub
    stopped_hub.stop()


@pytest.fixture
def browser(hub) -> Iterator[Browser]:
    with Browser(hub.url) as browser:
        yield browser
