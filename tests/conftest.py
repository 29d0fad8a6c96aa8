"""What all tests share: the running platform, and people who sign in to it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

_NAME, _PORT = "test", 18000
_GPUCOMMONS = [str(Path(sys.executable).parent / "gpucommons")]
_ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--platform",
        default=None,
        metavar="NAME",
        help="use this platform, which runs already, instead of starting one for the tests",
    )


@dataclass(frozen=True)
class Account:
    """A demo account, as `gpucommons status --json` tells it."""

    username: str
    password: str
    groups: list[str]
    admin: bool


@dataclass(frozen=True)
class LocalPlatform:
    """A running local platform."""

    name: str
    url: str
    issuer: str
    kubeconfig: Path
    state: Path
    accounts: dict[str, Account]
    """By the part of the user name before the @: student, researcher, admin, visitor."""

    def gpucommons(self, *arguments: str, check: bool = True) -> str:
        """Run a command of the project against this platform; gives its output."""
        command, *rest = arguments
        result = subprocess.run(
            [*_GPUCOMMONS, command, "--name", self.name, *rest],
            capture_output=True,
            text=True,
            check=False,
        )
        if check and result.returncode:
            raise AssertionError(f"{arguments}: {result.stdout}\n{result.stderr}")
        return result.stdout

    def status(self) -> dict[str, Any]:
        """How each part is."""
        return json.loads(self.gpucommons("status", "--json", check=False))

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl as the cluster's administrator."""
        from gpucommons_local.programs import program

        command = [str(program("kubectl")), "--kubeconfig", str(self.kubeconfig), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def log(self, part: str) -> str:
        """What a part has logged."""
        return (self.state / "logs" / f"{part}.log").read_text(errors="replace")


@pytest.fixture(scope="session")
def platform(request: pytest.FixtureRequest) -> Iterator[LocalPlatform]:
    """A real Kubernetes with Dex and the hub; the tests' own unless --platform names one."""
    name = request.config.getoption("--platform")
    if name:
        yield _look_at(name)
        return
    subprocess.run([*_GPUCOMMONS, "up", "--name", _NAME, "--port", str(_PORT)], check=True)
    try:
        yield _look_at(_NAME)
    finally:
        subprocess.run([*_GPUCOMMONS, "down", "--name", _NAME], check=True)


def _look_at(name: str) -> LocalPlatform:
    command = [*_GPUCOMMONS, "status", "--name", name, "--json"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return LocalPlatform(
        name=name,
        url=found["url"],
        issuer=found["issuer"],
        kubeconfig=Path(found["kubeconfig"]),
        state=Path(found["state"]),
        accounts={each["username"].split("@")[0]: Account(**each) for each in found["accounts"]},
    )


class SignedIn:
    """A person with a browser session and an API token of their own."""

    def __init__(self, platform: LocalPlatform, account: Account) -> None:
        self.username = account.username
        self.browser = httpx.Client(base_url=platform.url, follow_redirects=True, timeout=30)
        page = self.browser.get("/hub/oauth_login")
        action = httpx.URL(platform.issuer).join(_form_action(page.text))
        form = {"login": account.username, "password": account.password}
        page = self.browser.post(action, data=form)
        page.raise_for_status()
        xsrf = next(c.value for c in self.browser.cookies.jar if c.name == "_xsrf")
        answer = self.browser.post(
            f"/hub/api/users/{self.username}/tokens",
            json={"note": "tests"},
            headers={"X-XSRFToken": xsrf or ""},
        )
        answer.raise_for_status()
        self.api = httpx.Client(
            base_url=f"{platform.url}/hub/api",
            headers={"Authorization": f"token {answer.json()['token']}"},
            timeout=30,
        )

    def close(self) -> None:
        self.browser.close()
        self.api.close()


def _form_action(page: str) -> str:
    start = page.index('action="') + len('action="')
    return page[start : page.index('"', start)].replace("&amp;", "&")


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
