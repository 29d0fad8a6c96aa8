"""What the hub alone knows reaches the records, whoever was away meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.loopback import request

from ..spawner.api_server import VISION, ClusterWithTeams
from ..spawner.node import Node
from ..spawner.spawn_hub import PATIENT, SpawnHub
from .accounting_program import AccountingProgram, as_people_service

_CATALOGUE = Path(__file__).parents[1] / "spawner" / "catalogue.yaml"
_SENTENCE = "Your session was stopped at 15:26 UTC: unused for 2 hours."


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("told")


@pytest.fixture(scope="module")
def cluster(folder) -> Iterator[ClusterWithTeams]:
    cluster = ClusterWithTeams(folder)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def node(cluster) -> Iterator[Node]:
    node = Node(cluster, gpus=2, shares=4)
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def program(folder, cluster) -> AccountingProgram:
    return AccountingProgram(folder, cluster.kubeconfig)


@pytest.fixture(scope="module")
def hub(folder, cluster, node, program) -> Iterator[SpawnHub]:
    more = PATIENT + program.config
    hub = SpawnHub(folder, _CATALOGUE, cluster.kubeconfig, node.session_port, more=more)
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def accounting(hub, program) -> Iterator[AccountingProgram]:
    program.serve(hub)
    yield program
    program.stop()


def _starts(hub, person: str, options: dict[str, str] | None = None) -> None:
    answer = hub.start_server(person, options or {"size": "cpu"})
    assert answer.status_code == 201, answer.text


def _ended(hub, accounting, person: str) -> dict:
    """Somebody's one session, once it is told why it ended."""

    def found() -> list[dict]:
        told = accounting.sessions(person)
        return [each for each in told if each["gone"] and each["reason"] != "deleted"]

    (session,) = hub.until(found)
    return session


def _stops(hub, person: str) -> None:
    """Have a person stop their own session."""
    _asks_to_stop(hub, person, person)
    hub.until(lambda: not hub.servers(person))


def _asks_to_stop(hub, who: str, person: str) -> None:
    """Have somebody stop a person's session, with a token of theirs."""
    token = hub.api("POST", f"users/{who}/tokens").json()["token"]
    headers = {"Authorization": f"token {token}"}
    url = f"{hub.url}/hub/api/users/{person}/server"
    assert request("DELETE", url, headers=headers, timeout=120).status_code in (202, 204)


def _person(hub, accounting) -> None:
    _starts(hub, "ada")
    _stops(hub, "ada")
    found = _ended(hub, accounting, "ada")
    assert (found["reason"], found["ended_by"]) == ("person", "")


def _administrator(hub, accounting) -> None:
    _starts(hub, "rosa")
    _asks_to_stop(hub, "boss", "rosa")
    found = _ended(hub, accounting, "rosa")
    assert (found["reason"], found["ended_by"]) == ("administrator", "boss")


def _idle(hub, accounting) -> None:
    _starts(hub, "sam")
    told = {"reason": _SENTENCE, "page": "services/idle/", "code": "idle"}
    assert hub.api("PUT", "gpucommons/users/sam/session-end/", json=told).status_code == 204
    hub.stop_server("sam")
    found = _ended(hub, accounting, "sam")
    assert (found["reason"], found["sentence"]) == ("idle", _SENTENCE)


def _pretends(hub, accounting) -> None:
    """Code in a session says that somebody else ends it."""
    hub.join("uli", "vision")
    _starts(hub, "uli")
    token = hub.api("POST", "users/uli/tokens").json()["token"]
    url = f"{hub.url}/hub/api/gpucommons/users/uli/session-end/"
    told = {"reason": "", "code": "administrator", "by": "boss"}
    headers = {"Authorization": f"token {token}"}
    assert request("PUT", url, headers=headers, json=told).status_code == 403
    _stops(hub, "uli")
    found = _ended(hub, accounting, "uli")
    assert (found["reason"], found["ended_by"]) == ("person", "")


def _removed(hub, accounting) -> None:
    _starts(hub, "tom")
    assert as_people_service(hub, "DELETE", "users/tom/server") in (202, 204)
    assert _ended(hub, accounting, "tom")["reason"] == "removed"


@pytest.mark.parametrize("ends", [_person, _administrator, _idle, _pretends, _removed])
def test_who_ended_a_session_is_on_record(hub, accounting, ends):
    ends(hub, accounting)


@pytest.mark.parametrize(
    ("person", "reason", "code", "words"),
    [
        (
            "ruth",
            "NodeShutdown",
            "node-lost",
            "its node was shut down",
        ),
        (
            "tia",
            "Preempting",
            "preempted",
            "something that must run there",
        ),
    ],
)
def test_what_its_person_read_of_an_end_by_the_cluster_is_on_record(  # noqa: PLR0917
    hub, cluster, accounting, person, reason, code, words
):
    _starts(hub, person, {"size": "cpu", "team": "vision"})
    status = {"phase": "Failed", "reason": reason, "message": "It was ended."}
    cluster.patch(f"/api/v1/namespaces/{VISION}/pods/jupyter-{person}/status", {"status": status})
    (found,) = hub.until(lambda: [each for each in accounting.sessions(person) if each["sentence"]])
    assert words in found["sentence"]
    assert found["reason"] == code


def test_a_refusal_counts_once_however_often_it_is_tried(hub, accounting):
    hub.join("una", "vision")
    for _ in range(3):
        answer = hub.start_server("una", {"size": "gpus"})
        assert answer.status_code in (400, 403), answer.text
    for server in ("a", "b", "c"):
        hub.start_server("una", {"size": "gpu"}, server=server)
    found = hub.until(lambda: accounting.demand("gpu").get("unmet") and accounting.demand("gpu"))
    assert (found["asked"], found["ready"]) == (3, 1)
    assert found["refused"] == {"quota": 2}
    assert (found["unmet"], found["unmet_had_later"]) == (1, 0)
    assert accounting.demand("gpus")["refused"] == {"options": 3}
    assert accounting.demand("gpus")["unmet"] == 0
    hub.stop_server("una", "a")


def test_a_start_is_on_record_from_its_press_until_people_could_get_in(hub, cluster, accounting):
    hub.join("vera", "vision")
    _starts(hub, "vera")
    (pod,) = (each for each in cluster.pods() if each["metadata"]["name"] == "jupyter-vera")
    (found,) = hub.until(lambda: [each for each in accounting.sessions("vera") if each["ready"]])
    assert found["requested"] <= pod["metadata"]["creationTimestamp"]
    hub.stop_server("vera")


def test_a_start_for_which_nothing_is_free_is_given_up_and_counts_as_unmet(hub, accounting):
    for person in ("wim", "xena"):
        hub.join(person, "vision")
        _starts(hub, person, {"size": "gpu"})
    hub.join("yves", "vision")
    assert hub.start_server("yves", {"size": "gpu"}).status_code == 503
    found = hub.until(lambda: accounting.demand("gpu").get("given_up") and accounting.demand("gpu"))
    assert found["given_up"] == 1
    assert _ended(hub, accounting, "yves")["reason"] == "start-failed"
    (waited,) = (
        each
        for each in accounting.ask("waits?since=2026-01-01&until=2099-12-31")["sizes"]
        if each["size"] == "gpu"
    )
    assert waited["given_up"] == 1
    for person in ("wim", "xena"):
        hub.stop_server(person)


def test_what_happens_while_accounting_is_away_is_on_record_once_it_is_back(hub, program):
    hub.join("zoe", "vision")
    _starts(hub, "zoe", {"size": "share"})
    _stops(hub, "zoe")
    hub.start_server("zoe", {"size": "giant"})
    program.serve(hub)
    try:
        found = _ended(hub, program, "zoe")
        assert (found["reason"], found["size"], found["gpus"]) == ("person", "share", "0.25")
        assert found["end_source"] == "hub"
        assert found["gone"] >= found["ready"] >= found["requested"]
        hub.until(lambda: program.demand("giant").get("refused") == {"options": 1})
    finally:
        program.stop()


def test_a_hub_that_is_killed_before_it_could_tell_tells_afterwards(hub, program):
    hub.join("kai", "vision")
    _starts(hub, "kai")
    refused = {"size": "brief", "environment": "tensorflow"}
    hub.start_server("kai", refused, server="other")
    _stops(hub, "kai")
    hub.kill()
    hub.start()
    program.serve(hub)
    try:
        assert _ended(hub, program, "kai")["reason"] == "person"
        hub.until(lambda: program.demand("brief").get("refused") == {"options": 1})
    finally:
        program.stop()


def test_a_pod_that_is_deleted_while_the_hub_is_away_ended_then(hub, cluster, accounting):
    hub.join("mia", "vision")
    _starts(hub, "mia")
    hub.until(lambda: [each for each in accounting.sessions("mia") if each["ready"]])
    (before,) = (each for each in cluster.pods() if each["metadata"]["name"] == "jupyter-mia")
    hub.kill()
    # Without the hub accounting knows nobody who asks: what it learnt shows afterwards.
    cluster.delete(f"/api/v1/namespaces/{VISION}/pods/jupyter-mia")
    hub.until(lambda: before not in cluster.pods())
    deleted = datetime.now(UTC)
    hub.start()
    hub.until(lambda: not hub.servers("mia"))
    (found,) = hub.until(lambda: [each for each in accounting.sessions("mia") if each["gone"]])
    assert found["end_source"] == "api-server"
    assert datetime.fromisoformat(found["gone"]) <= deleted + timedelta(seconds=5)
