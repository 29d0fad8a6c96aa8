"""Budgets on a real hub with the real accounting: what starts, what is refused, what is said."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from gpucommons_contract import ACCOUNTING_SERVICE
from gpucommons_local.machine.cache import checkout
from playwright.sync_api import expect

from ..processes import Program, free_port
from .conftest import CATALOGUE
from .node import SHARED
from .spawn_hub import ADMIN_TOKEN, PATIENT, SpawnHub
from .visitor import Visitor

HOUR = {"size": "hour"}
CPU = {"size": "cpu"}
RUNNERS = [f"runner-{number:02}" for number in range(50)]
ROOM = 7
_TOKEN = "token-of-the-accounting-of-the-test"
_SIZES = """\
  hour:
    display_name: Whole GPU for an hour
    cpu: 1
    memory: 1Gi
    gpu: {mode: exclusive}
    max_duration: 1h
  quarter:
    display_name: Quarter for an hour
    cpu: 1
    memory: 1Gi
    gpu: {mode: mps, shares: 4}
    max_duration: 1h
"""
_CONFIG = """
for each in c.JupyterHub.services:
    if each["name"] == "gpu":
        each.update(url="http://127.0.0.1:{port}", api_token="{token}", oauth_no_confirm=True,
                    oauth_client_allowed_scopes=["admin-ui"])
for each in c.JupyterHub.load_roles:
    if each["name"] == "tester":
        each["scopes"].append("access:services!service=gpu")
c.GPUSpawner.budget_outage_after = 600
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """The usual one, with a whole GPU and a share for an hour."""
    file = tmp_path_factory.mktemp("hours") / "catalogue.yaml"
    text = CATALOGUE.read_text().replace("data:\n", f"{_SIZES}data:\n", 1)
    limit = "    sprint: {sessions: 10}"
    file.write_text(text.replace(limit, f"{limit}\n    relay: {{sessions: 100}}"))
    return file


class Accounting(Program):
    """Accounting as a program; the hub knows its address."""

    def __init__(self, folder, kubeconfig, hub_url: str, port: int):
        values = {
            "Accounting": {
                "db_url": f"sqlite:///{folder / 'accounting.sqlite'}",
                "time_zone": "Europe/Berlin",
                "address": "127.0.0.1",
                "port": port,
            }
        }
        file = folder / "values.yaml"
        file.write_text(yaml.safe_dump(values))
        super().__init__(
            [sys.executable, "-m", "gpucommons_config.command", "usage", "run"],
            f"http://127.0.0.1:{port}/services/{ACCOUNTING_SERVICE}/health",
            folder / "accounting.log",
            {
                "KUBECONFIG": str(kubeconfig),
                "GPUCOMMONS_VALUES": str(file),
                "PYTHONPATH": ":".join([str(checkout()), *sys.path]),
                "JUPYTERHUB_API_TOKEN": _TOKEN,
                "JUPYTERHUB_API_URL": f"{hub_url}/hub/api",
                "JUPYTERHUB_BASE_URL": "/",
                "JUPYTERHUB_SERVICE_NAME": ACCOUNTING_SERVICE,
                "JUPYTERHUB_SERVICE_PREFIX": f"/services/{ACCOUNTING_SERVICE}/",
                "JUPYTERHUB_CLIENT_ID": f"service-{ACCOUNTING_SERVICE}",
            },
        )


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def started_hub(tmp_path_factory, api, node, catalogue, port) -> Iterator[SpawnHub]:
    """A hub with accounting, and a node with room for everybody's quarter."""
    folder = tmp_path_factory.mktemp("budgets")
    more = PATIENT + _CONFIG.format(port=port, token=_TOKEN)
    hub = SpawnHub(folder, catalogue, api.kubeconfig, node.session_port, more=more)
    usual, node._capacity[SHARED] = node._capacity[SHARED], len(RUNNERS)
    hub.start()
    api.add_team("relay")
    hub.api("POST", "users", json={"usernames": RUNNERS})
    hub.api("POST", "groups/relay")
    hub.api("POST", "groups/relay/users", json={"users": RUNNERS})
    yield hub
    hub.stop()
    node._capacity[SHARED] = usual


@pytest.fixture(scope="module", autouse=True)
def accounting(tmp_path_factory, api, started_hub, port) -> Iterator[Accounting]:
    folder = tmp_path_factory.mktemp("accounting")
    accounting = Accounting(folder, api.kubeconfig, started_hub.url, port)
    accounting.start()
    yield accounting
    accounting.stop()


@pytest.fixture
def set_budget(hub) -> Callable[..., None]:
    """Set a budget, and wait until the hub knows of it."""

    def set_budget(kind: str, name: str, amount: str, member: str, at_limit="deny") -> None:
        url = f"{hub.url}/services/{ACCOUNTING_SERVICE}/api/budgets"
        body = {"for": kind, "name": name, "amount": amount, "at_limit": at_limit}
        headers = {"Authorization": f"token {ADMIN_TOKEN}"}
        answer = httpx.post(url, json=body, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        said = f"of {amount} GPU-hour"
        hub.until(lambda: said in " ".join(_holding(hub, member)))

    return set_budget


def _holding(hub, name: str) -> list[str]:
    return hub.availability(name, "other")["holding"]


def _size(hub, person: str, name: str) -> dict:
    sizes = hub.availability(person, "other")["sizes"]
    return next(each for each in sizes if each["name"] == name)


def test_of_two_starts_at_one_instant_with_an_hour_left_one_starts_and_the_other_reads_why(
    hub, set_budget
):
    set_budget("person", "rosa", "1", "rosa")
    assert _size(hub, "rosa", "hour")["budget"].startswith(
        "About 1 GPU-hour per hour; you have 1 GPU-hour left until "
    )
    with ThreadPoolExecutor() as threads:
        starts = [threads.submit(hub.start_server, "rosa", HOUR, name) for name in ("", "two")]
        answers = [each.result() for each in starts]
    assert sorted(each.status_code for each in answers) == [201, 409]
    (refused,) = (each.json()["message"] for each in answers if each.status_code == 409)
    assert refused.startswith(
        "This start takes 1 GPU-hour of your budget beforehand, and 0 of 1 GPU-hour are left until "
    )
    assert " UTC. Sessions hold 1 GPU-hour more; " in refused
    assert "Possible now: CPU only or For an hour." in refused
    assert _size(hub, "rosa", "hour")["reason"] == refused
    choice = {"environment": "scipy", "version.scipy": "2026.11", "size": "hour"}
    with Visitor(hub.url, "rosa") as visitor:
        visitor.sign_in()
        page = visitor.press_start(choice, "three")
    assert "This start takes 1 GPU-hour of your budget beforehand" in page.text
    assert hub.start_server("rosa", CPU, "four").status_code == 201


def test_the_page_says_what_an_hour_takes_and_what_is_left_and_then_why_not(
    scripted_page, hub, set_budget, open_picker, keep_picture
):
    for group in ("vision", "researchers"):
        hub.join("zoe", group)
    set_budget("person", "zoe", "1.25", "zoe")
    open_picker(scripted_page, "zoe")
    size = scripted_page.locator('[data-size="hour"]')
    expect(size).to_contain_text("About 1 GPU-hour per hour; you have 1.25 GPU-hours left until")
    size.get_by_role("radio").check()
    beside = scripted_page.locator("[data-cost]")
    expect(beside).to_contain_text("About 1 GPU-hour per hour; you have 1.25 GPU-hours left")
    assert hub.start_server("zoe", HOUR, "second").status_code == 201
    expect(size).to_contain_text("and 0.25 of 1.25 GPU-hours are left until")
    expect(size.get_by_role("radio")).to_be_disabled()
    keep_picture(scripted_page, "budget")
    assert Axe().run(scripted_page, context="main").violations_count == 0
    assert scripted_page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_a_stopped_session_does_not_use_is_free_at_once(hub, set_budget):
    set_budget("person", "ruth", "1.5", "ruth")
    assert hub.start_server("ruth", HOUR).status_code == 201
    assert hub.start_server("ruth", HOUR, "second").status_code == 409
    hub.stop_server("ruth")
    assert hub.start_server("ruth", HOUR, "second").status_code == 201


def test_a_budget_that_warns_lets_start_and_says_so_in_the_session(hub, set_budget, notices):
    set_budget("person", "rosa", "0", "rosa", "warn")
    assert hub.start_server("rosa", HOUR).status_code == 201
    hub.until(lambda: notices)
    assert notices[0]["text"].startswith("Your budget of 0 GPU-hours is used up until ")
    assert notices[0]["text"].endswith("What runs goes on, and more may start.")
    with Visitor(hub.url, "rosa") as visitor:
        visitor.sign_in()
        home = visitor.get("/hub/home").text
    assert "Your budget of 0 GPU-hours is used up until" in home


def test_of_fifty_starts_as_many_come_as_there_is_room_for_also_if_the_hub_is_killed_meanwhile(
    hub, api, set_budget
):
    set_budget("team", "relay", str(ROOM / 4), RUNNERS[0])
    with ThreadPoolExecutor(len(RUNNERS)) as threads:
        starts = [threads.submit(_try, hub, name) for name in RUNNERS]
        hub.until(lambda: len(api.pods()) >= 2)
        hub.kill()
        codes = Counter(each.result() for each in starts)
    made = _uids(api)
    assert len(made) <= ROOM
    assert codes[201] <= ROOM
    hub.start()
    hub.until(lambda: _is_reckoned(hub, api))
    again = Counter(hub.start_server(name, {"size": "quarter"}).status_code for name in RUNNERS)
    hub.until(lambda: _is_reckoned(hub, api))
    assert again[409] >= len(RUNNERS) - ROOM
    # The hub that came back takes away a pod that it knows nothing of. What that one used, if only
    # seconds, is missing for the last whole hour.
    running = _uids(api)
    assert len(running) == (ROOM if made <= running else ROOM - 1)


def _uids(api) -> set[str]:
    return {pod["metadata"]["uid"] for pod in api.pods()}


def _try(hub, name: str) -> int:
    """Press Start; 0 if the hub was killed before it answered."""
    try:
        return hub.start_server(name, {"size": "quarter"}).status_code
    except httpx.TransportError:
        return 0


def _is_reckoned(hub, api) -> bool:
    """Whether the ledger holds an hour of a quarter for each session that runs, and no other.

    A little less is held of one that ran before it was ready: that is never charged.
    """
    people = hub.api("GET", "users").json()
    running = [each for each in people if each["servers"].get("", {}).get("ready")]
    pods = len(api.pods())
    said = " ".join(_holding(hub, RUNNERS[-1]))
    left = re.search(rf"relay has ([0-9.]+) of {ROOM / 4:g} GPU-hours left", said)
    held = ROOM - 4 * float(left[1]) if left else -1
    return len(running) == pods and abs(held - pods) < 1 / 2
