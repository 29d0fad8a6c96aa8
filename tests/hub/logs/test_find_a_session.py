"""All of one session is found in the logs of a real hub and culler, from a real store of logs."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import yaml
from gpucommons_upkeep.logs import LOG_FORMAT
from reference_pages.project import ROOT

from tests.loopback import request
from tests.waiting import until

from ..processes import Program, free_port
from ..spawner.api_server import ClusterWithTeams
from ..spawner.conftest import CATALOGUE
from ..spawner.node import Node
from ..spawner.spawn_hub import ADMIN_TOKEN, PATIENT, SpawnHub
from ..spawner.visitor import Visitor
from .log_store import LogReader, LogStore

PAGE = ROOT / "docs" / "how-to" / "find-it-in-the-logs.md"
IDLE_TOKEN = "idle-token-of-the-test"
_KEPT = {"lines": "1d", "events": "1d", "audit": "400d"}
PLANTED = "a8f5f167f44f4964e6c998dee827110c"
_STARTED_BY, _EXPLAINED_FOR = "request-that-starts-it", "request-to-explain-it"
_SESSION = "ada/train"
_MORE = f"""
from gpucommons_config.hub_logs import add_logs
add_logs(c)
for each in c.JupyterHub.services:
    if each["name"] == "idle":
        each["api_token"] = "{IDLE_TOKEN}"
c.JupyterHub.load_roles[0]["scopes"] += ["access:services!service=idle"]
"""


class Culler(Program):
    """The idle culler, as a pod runs it, with the hub's catalogue."""

    def __init__(self, folder, hub: SpawnHub):
        port = free_port()
        values = folder / "culler.yaml"
        settings = {"catalogue_file": str(CATALOGUE), "interval": 1, "address": "127.0.0.1"}
        said = {"IdleCuller": settings, "SignalSources": {"kubelets": False}}
        values.write_text(yaml.safe_dump(said))
        database = f"sqlite:///{folder}/idle.sqlite"
        self.url = f"http://127.0.0.1:{port}/services/idle"
        program = "from gpucommons_config.idle.command import main; raise SystemExit(main())"
        command = [sys.executable, "-c", program]
        super().__init__(
            [*command, "--db-url", database, "--port", str(port)],
            f"http://127.0.0.1:{port}/health",
            folder / "culler.log",
            {
                "GPUCOMMONS_VALUES": str(values),
                "JUPYTERHUB_API_URL": hub.api_url,
                "JUPYTERHUB_API_TOKEN": IDLE_TOKEN,
                "JUPYTERHUB_SERVICE_NAME": "idle",
                "JUPYTERHUB_SERVICE_PREFIX": "/services/idle/",
                "JUPYTERHUB_BASE_URL": "/",
                LOG_FORMAT: "json",
            },
        )


class JSONHub(SpawnHub):
    """The hub, as it logs in a cluster."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self._env[LOG_FORMAT] = "json"

    @property
    def api_url(self) -> str:
        return f"{self.url}/hub/api"


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """What is left of a session's life: lines in files, and in the store."""
    folder = tmp_path_factory.mktemp("logs")
    api = ClusterWithTeams(folder)
    api.start()
    node = Node(api, gpus=1, shares=1)
    node.start()
    hub = JSONHub(*(folder, CATALOGUE, api.kubeconfig, node.session_port), more=PATIENT + _MORE)
    culler = Culler(folder, hub)
    store = LogStore(folder / "store")
    reader = LogReader(folder, store, [hub.log, culler.log])
    started: list[Program] = []
    try:
        for each in (hub, culler, store, reader):
            each.start()
            started.append(each)
        pod = _live_through(hub, culler, api)
        lines = _of_files(hub, culler)
        until(lambda: len(store.find("_time:1d")) >= len(lines), instead=reader.tail)
        yield SimpleNamespace(store=store, pod=pod, lines=lines, hub=hub, culler=culler)
    finally:
        for each in reversed(started):
            each.stop()
        node.stop()
        api.stop()


def _live_through(hub: SpawnHub, culler: Culler, api: ClusterWithTeams) -> str:
    """Sign in, start, be looked at by the culler, be told something, be stopped; the pod's name."""
    with Visitor(hub.url, "ada") as ada:
        ada.sign_in()
        ada.get(f"/hub/home?token={PLANTED}&code={PLANTED}", headers={"Cookie": f"x={PLANTED}"})
    for header in (f"token {PLANTED}", f"Bearer {PLANTED}"):
        request("GET", f"{hub.api_url}/user", headers={"Authorization": header}, timeout=60)
    path, options = "users/ada/servers/train", {"environment": "scipy", "size": "cpu"}
    headers = {"X-Request-Id": _STARTED_BY}
    answer = hub.api("POST", path, headers=headers, json={"team": "vision", **options})
    assert answer.status_code in (201, 202), answer.text
    assert answer.headers["X-Request-Id"] == _STARTED_BY
    hub.until(lambda: hub.servers("ada")["train"]["ready"])
    (pod,) = api.pods()
    # Which has it ask the session, that cannot say.
    explained = f"{culler.url}/api/sessions/ada/train"
    headers = {"Authorization": f"token {ADMIN_TOKEN}", "X-Request-Id": _EXPLAINED_FOR}
    until(lambda: request("GET", explained, headers=headers, timeout=60).status_code == 200)
    until(lambda: "does not report its activity" in culler.text(), instead=culler.tail)
    for action, wish in (
        ("notify", {"text": "The node is repaired."}),
        ("stop", {"minutes": 0, "reason": "The node is repaired."}),
    ):
        asked = {"sessions": [_SESSION], "by": "boss", **wish}
        path = f"gpucommons/administration/sessions/{action}"
        assert hub.api("POST", path, json=asked).status_code == 200
    hub.until(lambda: "train" not in hub.servers("ada"))
    return pod["metadata"]["name"]


def _of_files(*programs: Program) -> list[str]:
    return [line for each in programs for line in each.text().splitlines()]


def _query(named: str, **values: str) -> str:
    """The query of the page below that heading, with other values in place of the example's."""
    (query,) = re.findall(
        rf"^### {named}\n.*?```text\n(.*?)\n```", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )
    for example, value in values.items():
        assert example in query
        query = query.replace(example, value)
    return query


@pytest.fixture
def session(played) -> list[dict[str, str]]:
    query = _query("Of a session", **{"jupyter-ada--train": played.pod})
    return played.store.find(query)


def _place(found: list[dict[str, str]], program: str, words: str) -> int:
    places = [
        place
        for place, each in enumerate(found)
        if each.get("program") == program and re.search(words, each["_msg"])
    ]
    assert places, f"no {words!r} of {program} in\n" + "\n".join(map(str, found))
    return places[0]


def test_all_of_a_session_is_found_by_one_query(session):
    steps = (
        ("hub", "302 POST /hub/login"),
        ("hub", "took .* to start"),
        ("idle-culler", "^ada/train does not report its activity"),
        ("hub", "^boss: notify session: ada/train"),
        ("hub", "^boss: stop session: ada/train"),
        ("hub", "[Dd]eleting pod"),
    )
    places = [_place(session, *step) for step in steps]
    assert places == sorted(places)
    assert all("ada" in json.dumps(each) for each in session)


def test_lines_of_its_pod_say_whose_it_is_and_where(session, played):
    deleted = session[_place(session, "hub", "[Dd]eleting pod")]
    assert (deleted["user"], deleted["session"], deleted["team"]) == ("ada", _SESSION, "vision")
    assert deleted["pod"] == played.pod
    assert deleted["pod_uid"]
    of_culler = session[_place(session, "idle-culler", "activity")]
    assert (of_culler["user"], of_culler["pod"]) == ("ada", played.pod)


def test_a_request_is_found_by_its_id_with_what_was_done_for_it_after_its_answer(played):
    found = played.store.find(_query("Of a request", **{"4f1c0a2e": _STARTED_BY}))
    assert _place(found, "hub", "POST /hub/api/users/ada/servers/train") >= 0
    assert {each.get("session", _SESSION) for each in found} == {_SESSION}
    (access,) = (each for each in found if "POST /hub/api" in each["_msg"])
    assert (access["by"], access["user"]) == ("tester", "ada")


def test_a_request_to_one_program_is_the_same_at_the_next_one(played):
    found = played.store.find(_query("Of a request", **{"4f1c0a2e": _EXPLAINED_FOR}))
    assert {each["program"] for each in found} == {"hub", "idle-culler"}


def test_what_administrators_did_is_found_with_whom_they_did_it_to(played):
    found = played.store.find(_query("On record"))
    assert [(each["by"], each["action"], each["session"]) for each in found] == [
        ("boss", "notify session", _SESSION),
        ("boss", "stop session", _SESSION),
    ]
    assert found[1]["details.reason"] == "The node is repaired."
    assert {each["service"] for each in found} == {"tester"}


def test_no_secret_is_in_any_line(played):
    text = "\n".join(played.lines)
    for secret in (PLANTED, ADMIN_TOKEN, IDLE_TOKEN, "t" * 32):
        assert secret not in text


def test_each_line_of_ours_is_json_with_time_level_program_and_message(played):
    """Those before the hub has read its configuration, and of its proxy, are not."""
    written = played.hub.text().partition("\n{")[2].splitlines()[1:]
    lines = [line for line in written if line.startswith("{")]
    assert len(lines) > 20
    others = "\n".join(line for line in written if not line.startswith("{"))
    assert not re.search(r"^\[[DIWEC] |Warning: ", others, re.MULTILINE)
    for line in lines:
        said = json.loads(line)
        assert said["program"] == "hub"
        assert said["level"] in {"debug", "info", "warning", "error", "critical"}
        age = datetime.now(UTC) - datetime.fromisoformat(said["time"])
        assert timedelta(0) <= age < timedelta(hours=1)
    for line in played.culler.text().splitlines():
        assert json.loads(line)["program"] == "idle-culler"


def test_kinds_are_kept_for_as_long_as_each_store_says_and_asked_for_as_one(tmp_path):
    """Kept for a day, what is three days old is not taken; of what is on record it is."""
    old = datetime.now(UTC) - timedelta(days=3)
    stores = {kind: LogStore(tmp_path / kind, kept) for kind, kept in _KEPT.items()}
    everything = LogStore(tmp_path / "all", behind=list(stores.values()))
    begun: list[Program] = []
    try:
        for each in (*stores.values(), everything):
            each.start()
            begun.append(each)
        for kind, store in stores.items():
            ages = {"now": datetime.now(UTC), "old": old}
            line = {"kind": kind, "user": "ada"}
            moments = {age: f"{each:%Y-%m-%dT%H:%M:%SZ}" for age, each in ages.items()}
            store.put([{**line, "message": age, "time": each} for age, each in moments.items()])
            store.find("*")
        found = {(each["kind"], each["_msg"]) for each in everything.find("_time:7d user:=ada")}
    finally:
        for each in reversed(begun):
            each.stop()
    assert found == {
        ("lines", "now"),
        ("events", "now"),
        ("audit", "now"),
        ("audit", "old"),
    }
