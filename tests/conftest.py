"""What all tests share: the running platform, and people who sign in to it."""

import subprocess
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from tests.account_commands import Commands
from tests.people import SignedIn
from tests.platform import GPUCOMMONS, LocalPlatform, look_at

# Other work on the machine may slow an example down; a test is judged by what it finds.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

_NAME, _PORT = "test", 18000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--platform",
        default=None,
        metavar="NAME",
        help="use this platform, which runs already, instead of starting one for the tests",
    )


@pytest.fixture(scope="session")
def platform(request: pytest.FixtureRequest) -> Iterator[LocalPlatform]:
    """A real Kubernetes with Dex and the hub; the tests' own unless --platform names one."""
    name = request.config.getoption("--platform")
    if name:
        yield look_at(name)
        return
    subprocess.run([GPUCOMMONS, "up", "--name", _NAME, "--port", str(_PORT)], check=True)
    try:
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
def commands(platform: LocalPlatform) -> Iterator[Commands]:
    """The account commands; of Lin nothing is there before and after."""
    commands = Commands(platform)
    commands.leave_nothing_of_lin()
    yield commands
    commands.leave_nothing_of_lin()
