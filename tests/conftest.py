"""What all tests share: the running platform, people who sign in to it, and a browser."""

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu.driver import DriverRoot, build
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests.account_commands import Commands
from tests.page_policy import Refusals
from tests.people import SignedIn
from tests.platform import GPUCOMMONS, LocalPlatform, look_at
from tests.waiting import PAGE_PATIENCE_MS, until

# Other work on the machine may slow an example down; a test is judged by what it finds.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", _PATIENT)
# For the checks before a commit.
settings.register_profile("quick", _PATIENT, max_examples=20)
settings.load_profile("thorough")
expect.set_options(timeout=PAGE_PATIENCE_MS)

ChangeCatalogue = Callable[[Callable[[dict[str, Any]], None]], None]

_NAME, _PORT = "test", 18000
_CHROMIUM = "/usr/bin/chromium-headless-shell"
_CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--platform",
        default=None,
        metavar="NAME",
        help="use this platform, which runs already, instead of starting one for the tests",
    )


@pytest.fixture(scope="session")
def built_driver(tmp_path_factory: pytest.TempPathFactory) -> DriverRoot:
    try:
        return build(tmp_path_factory.mktemp("driver"))
    except PlatformError as error:
        pytest.skip(f"no simulated driver: {error}")


@pytest.fixture
def driver(built_driver: DriverRoot) -> DriverRoot:
    """The driver with idle GPUs."""
    built_driver.state_file.update(lambda state: state.reset())
    return built_driver


@pytest.fixture(scope="session")
def platform(request: pytest.FixtureRequest) -> Iterator[LocalPlatform]:
    """A real Kubernetes with Dex and the hub; the tests' own unless --platform names one."""
    name = request.config.getoption("--platform")
    if name:
        yield look_at(name)
        return
    try:
        subprocess.run([GPUCOMMONS, "up", "--name", _NAME, "--port", str(_PORT)], check=True)
        yield look_at(_NAME)
    finally:
        subprocess.run([GPUCOMMONS, "down", "--name", _NAME], check=True)


@pytest.fixture(scope="session")
def sign_in(platform: LocalPlatform) -> Iterator[Callable[[str], SignedIn]]:
    """Sign somebody in through Dex: ``sign_in("student")``."""
    people: dict[str, SignedIn] = {}

    def _sign_in(role: str) -> SignedIn:
        if role not in people:
            people[role] = SignedIn(platform, platform.accounts[role])
        return people[role]

    yield _sign_in
    for person in people.values():
        person.close()


@pytest.fixture
def change_catalogue(platform: LocalPlatform, sign_in) -> Iterator[ChangeCatalogue]:
    """Put a changed catalogue in force until the test ends; the function changes what it gets."""
    file = platform.state / "hub" / "catalogue.yaml"
    before = file.read_text()
    admin = sign_in("admin")

    def since() -> str:
        return admin.api.get("/gpucommons/catalogue").raise_for_status().json()["in_force_since"]

    def write(text: str) -> None:
        time.sleep(1)  # the time that is told has seconds only
        earlier = since()
        file.write_text(text)
        until(lambda: since() != earlier)

    def change(how: Callable[[dict[str, Any]], None]) -> None:
        catalogue = yaml.safe_load(before)
        how(catalogue)
        write(yaml.safe_dump(catalogue, sort_keys=False))

    yield change
    write(before)


@pytest.fixture
def commands(platform: LocalPlatform) -> Iterator[Commands]:
    """The account commands; of Lin nothing is there before and after."""
    commands = Commands(platform)
    commands.leave_nothing_of_lin()
    yield commands
    commands.leave_nothing_of_lin()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium without its windows, and end it with the module.

    While Playwright's synchronous interface is open, an event loop runs in this thread: another
    module may need one of its own. No page may be refused anything by its own policy.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=_CHROMIUM_ARGUMENTS, timeout=PAGE_PATIENCE_MS
        )
        refusals = Refusals(browser)
        yield browser
        browser.close()
    assert not refusals.found, "\n".join(refusals.found)
