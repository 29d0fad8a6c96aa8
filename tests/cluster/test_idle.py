"""Idle sessions on the real platform: warned, kept, spared, stopped and released."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from gpucommons_contract import Endpoint

from tests.kernel import begin_cell, connected
from tests.people import SignedIn
from tests.platform import GPUCOMMONS, LocalPlatform
from tests.waiting import until

from .waiting_start import GPU, pods_of

RULE = {"warn_after": "30s", "stop_after": "75s", "warm_up": "1s", "keep_at_most": "2h"}
"""Short, that the tests are."""
PATIENCE_S = 120
"""The node counts every ten seconds, the culler looks every ten, and other builds may run."""
LOOK_S = 2
"""Whoever asks for the verdict has the session asked, which is traffic that it is seen by."""


class Session:
    """One session that runs, as its person and as the culler see it."""

    def __init__(
        self, platform: LocalPlatform, person: SignedIn, admin: SignedIn, server: str = ""
    ) -> None:
        self._platform, self.person, self._admin = platform, person, admin
        self.name = f"{person.username}/{server}" if server else person.username
        self.url = f"{platform.url}/user/{self.name}"
        token = person.api.headers["Authorization"].removeprefix("token ")
        self.token = token
        self.api = httpx.Client(base_url=self.url, headers=person.api.headers, timeout=30)

    def notice(self) -> dict[str, Any] | None:
        """The warning that stands in the session."""
        listed = self.api.get(f"/{Endpoint.SESSION_NOTICE}").raise_for_status().json()
        return next((each for each in listed if each["id"] == "idle"), None)

    def answer(self, choice: str) -> None:
        body = {"id": "idle", "choice": choice}
        self.api.post(f"/{Endpoint.SESSION_NOTICE_ANSWER}", json=body).raise_for_status()

    def explained(self) -> dict[str, Any]:
        """What the culler says of it, to an administrator."""
        url = f"{self._platform.url}/services/idle/api/sessions/{self.name}"
        return self._admin.browser.get(url, headers=self._admin.api.headers).json()

    def verdict(self) -> str | None:
        """None before the culler has seen the session."""
        return self.explained().get("state")

    def begin_cell(self, code: str) -> None:
        kernel = self.api.post("/api/kernels", json={"name": "python3"}).json()["id"]
        asyncio.run(begin_cell(self.url, self.token, kernel, code))

    def events(self) -> list[dict[str, Any]]:
        url = f"{self._platform.url}/services/idle/api/events"
        asked = {"user": self.person.username}
        found = self._admin.browser.get(url, params=asked, headers=self._admin.api.headers)
        return found.raise_for_status().json()["events"]


def _idle(platform: LocalPlatform, command: str, *arguments: str) -> str:
    """What one of the commands says to an administrator."""
    config = str(platform.state / "people.yaml")
    whole = [GPUCOMMONS, "idle", command, "--config", config, *arguments]
    return subprocess.run(whole, capture_output=True, text=True, check=True).stdout


StartSession = Callable[..., Session]


@pytest.fixture
def start(platform: LocalPlatform, sign_in, change_catalogue) -> Iterator[StartSession]:
    """Start somebody's session under a short rule; what else they have, ends."""
    started: list[Session] = []

    def start(role: str, options: dict[str, str], server: str = "", **rule: object) -> Session:
        def change(catalogue: dict[str, Any]) -> None:
            catalogue["idle"] = {"default": {**RULE, **rule}}
            catalogue["quotas"] = {"default": {"sessions": 8, "gpus": 2}}

        person = sign_in(role)
        if person not in [each.person for each in started]:
            change_catalogue(change)
            person.stop_all()
        assert person.start(options, server)["ready"]
        session = Session(platform, person, sign_in("admin"), server)
        started.append(session)
        return session

    yield start
    for session in started:
        session.person.stop_all()
        session.api.close()


def test_an_idle_gpu_is_warned_of_kept_by_one_press_and_given_back_when_its_time_is_up(
    platform: LocalPlatform, start: StartSession
) -> None:
    session = start("researcher", GPU)
    kept = until(session.notice, PATIENCE_S)
    assert kept["level"] == "warning"
    assert kept["ends_at"] > time.time()
    assert kept["choices"][0] == {"id": "keep-3600", "label": "Keep 1 hour"}
    session.answer("keep-3600")
    until(lambda: session.notice() is None, PATIENCE_S)
    until(lambda: session.verdict() == "kept", PATIENCE_S, pause=LOOK_S)
    explained = _idle(platform, "explain", session.name)
    assert f"{session.name}: kept. {session.name} keeps it until" in explained
    assert "processor: processor at" in explained

    # Somebody else's session, which nobody keeps: its GPU is free again after the end.
    other = start("admin", GPU)
    due = until(other.notice, PATIENCE_S)["ends_at"]
    until(lambda: not pods_of(platform, other.person), 2 * PATIENCE_S)
    assert time.time() > due - 1
    until(lambda: other.events()[0]["kind"] == "stopped")
    stopped = other.events()[0]
    assert {each["name"] for each in stopped["signals"]} >= {"gpu", "processor", "kernels"}


def test_a_session_that_works_is_never_warned_whatever_works_in_it(
    platform: LocalPlatform, start: StartSession
) -> None:
    """Each with the browser closed: nobody has a page open."""
    cpu = {"size": "cpu"}
    works: dict[str, Session] = {}
    # Longer than usual: a busy machine takes a while until the work has begun.
    works["kernels"] = start("researcher", cpu, "cell", warn_after="60s", stop_after="105s")
    works["kernels"].begin_cell("import time; time.sleep(600)")
    works["processor"] = start("researcher", cpu, "processor")
    # A third of a core: much more than counts as work, and others compute here too.
    busy = "import time\\nwhile True: sum(range(10**5)); time.sleep(0.002)"
    works["processor"].begin_cell(
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', '{busy}'])"
    )
    works["terminals"] = start("researcher", cpu, "terminal")
    asyncio.run(_in_terminal(works["terminals"], "sleep 600"))
    for gpu in ("0", "1"):
        platform.gpucommons("sim", "set", gpu, "--utilization", "80")
    works["gpu"] = start("researcher", GPU, "gpu")
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            assert [each.notice() for each in works.values()] == [None] * len(works)
            time.sleep(5)
        for source, session in works.items():
            until(
                lambda source=source, session=session: _works_now(session, source),
                PATIENCE_S,
                lambda source=source, session=session: (source, session.explained()),
                pause=LOOK_S,
            )
    finally:
        platform.gpucommons("sim", "reset")


def _works_now(session: Session, source: str) -> bool:
    """Whether a session counts as active, and work was just seen by this signal."""
    found = session.explained()
    active = {each["name"]: each["active_at"] for each in found.get("signals", ())}
    if found.get("state") != "active" or not active.get(source):
        return False
    return time.time() - datetime.fromisoformat(active[source]).timestamp() < 40


async def _in_terminal(session: Session, command: str) -> None:
    name = session.api.post("/api/terminals").json()["name"]
    path = f"terminals/websocket/{name}"
    async with connected(session.url, session.token, path) as page:
        await page.read_message()  # from here on the server listens
        await page.write_message(json.dumps(["stdin", f"{command}\r"]))
        async with asyncio.timeout(120):
            while command not in str(await page.read_message()):
                pass


def test_release_gives_the_gpu_back_and_goes_on_without_one(
    platform: LocalPlatform, start: StartSession
) -> None:
    session = start("researcher", GPU, action="release", release_to="cpu")
    until(session.notice, PATIENCE_S)

    def size() -> str | None:
        pods = pods_of(platform, session.person)
        return pods[0]["metadata"]["labels"]["gpucommons.io/size"] if pods else None

    until(lambda: size() == "cpu", PATIENCE_S)
    until(lambda: session.person.servers().get("", {}).get("ready"), PATIENCE_S)
    until(lambda: session.events()[0]["kind"] == "released")


def test_under_pressure_only_it_waits_until_somebody_else_does(
    platform: LocalPlatform, start: StartSession, sign_in
) -> None:
    session = start("researcher", GPU, under_pressure=True)
    assert session.person.start(GPU, "second")["ready"]  # both GPUs there are
    until(lambda: session.verdict() in {"idle", "idle-held"}, PATIENCE_S, pause=LOOK_S)
    assert session.notice() is None
    waiter = sign_in("admin")
    waiter.stop_all()
    waiter.request_start(GPU)
    try:
        until(session.notice, PATIENCE_S)
        until(lambda: waiter.servers().get("", {}).get("ready"), 2 * PATIENCE_S)
    finally:
        waiter.stop_all()


def test_who_is_exempt_is_left_alone_until_that_ends(
    platform: LocalPlatform, start: StartSession, sign_in
) -> None:
    person = sign_in("researcher")
    # Before it starts: a busy machine may take longer for the command than until the warning.
    whom = ("--user", person.username, "--until", f"{date.today() + timedelta(days=2)}")
    line = _idle(platform, "exempt", *whom, "--reason", "The paper is due.")
    try:
        assert "The paper is due." in _idle(platform, "exemptions")
        session = start("researcher", {"size": "cpu"})
        until(lambda: session.verdict() == "exempt", PATIENCE_S, pause=LOOK_S)
        time.sleep(40)
        assert session.notice() is None
    finally:
        _idle(platform, "unexempt", line.partition(":")[0])
    until(session.notice, PATIENCE_S)


def test_what_a_real_cluster_is_given_is_accepted(platform: LocalPlatform) -> None:
    folder = Path(__file__).parents[2] / "cluster" / "idle-culler"
    found = platform.kubectl("apply", "-k", str(folder), "--dry-run=server")
    assert "deployment.apps/idle-culler created (server dry run)" in found
