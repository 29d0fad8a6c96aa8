"""Notices that stand, sent by the command to a real hub: which sessions are told, and how often."""

from collections.abc import Iterator

import pytest
from gpucommons_contract import NOTICES_NAMESPACE, NoticeLevel
from gpucommons_people.files.configuration import Configuration, HubConfiguration

from tests.hub.operations import operations

from .spawn_hub import ADMIN_TOKEN, PATIENT, SpawnHub

ADA, BEN, EVE = "ada@example.org", "ben@example.org", "eve@example.org"
CPU = {"size": "cpu"}
_WITH_NOTICES = """
from gpucommons_sessions import HANDLERS as SESSION_HANDLERS
c.JupyterHub.extra_handlers = [*HANDLERS, *SESSION_HANDLERS]
c.JupyterHub.init_spawners_timeout = 1
"""


@pytest.fixture(scope="module", autouse=True)
def _namespace(api):
    api.add_namespace(NOTICES_NAMESPACE)


@pytest.fixture(scope="module")
def started_hub(tmp_path_factory, api, node, mounted_catalogue) -> Iterator[SpawnHub]:
    """A hub with the endpoint that the command calls."""
    folder = tmp_path_factory.mktemp("notices")
    hub = SpawnHub(
        folder,
        mounted_catalogue.path,
        api.kubeconfig,
        node.session_port,
        more=PATIENT + _WITH_NOTICES,
    )
    hub.start()
    for name in (ADA, BEN, EVE):
        hub.join(name, "vision")
    yield hub
    hub.stop()


@pytest.fixture
def do(api, hub, tmp_path):
    """Do one operation of the account commands."""
    token = tmp_path / "token"
    token.write_text(ADMIN_TOKEN)
    configuration = Configuration(
        address=hub.url,
        hub=HubConfiguration(api_url=f"{hub.url}/hub/api", token_file=token),
        kubeconfig=api.kubeconfig,
        audit_log=tmp_path / "audit.jsonl",
        handouts=tmp_path,
    )
    do = operations(configuration)
    yield do
    for standing in do(lambda people: people.list_notices()):
        do(lambda people, each=standing: people.withdraw_notice(each.notice.id))


def _send(text, notice_id="platform", **said):
    return lambda people: people.send_notice(
        text, notice_id=notice_id, level=NoticeLevel.INFO, **said
    )


def _texts(notices) -> list[str]:
    return [each["text"] for each in notices]


def test_a_session_that_starts_after_the_notice_is_told_once_and_those_that_run_not_again(
    hub, notices, do
):
    assert hub.start_server(ADA, CPU).status_code == 201
    assert do(_send("Maintenance.")).data["told"] == [f"{ADA}/"]
    assert _texts(notices) == ["Maintenance."]
    hub.start_server(BEN, CPU)
    hub.until(lambda: len(notices) == 2)
    hub.kill()
    hub.start()
    hub.until(lambda: all(hub.servers(name).get("", {}).get("ready") for name in (ADA, BEN)))
    do(_send("For Eve.", "eve", users=[EVE]))
    hub.start_server(EVE, CPU)
    hub.until(lambda: len(notices) >= 4 and "For Eve." in _texts(notices))
    assert sorted(_texts(notices)) == ["For Eve.", *["Maintenance."] * 3]


def test_a_session_is_told_what_stands_for_its_person_and_was_not_taken_back(hub, notices, do):
    do(_send("Maintenance."))
    do(_send("For Ada.", "ada", users=[ADA]))
    do(_send("Lunch.", "lunch"))
    do(lambda people: people.withdraw_notice("platform"))
    hub.start_server(BEN, CPU)
    hub.until(lambda: notices)
    hub.start_server(ADA, CPU)
    hub.until(lambda: len(notices) == 3)
    assert _texts(notices)[0] == "Lunch."
    assert set(_texts(notices)[1:]) == {"For Ada.", "Lunch."}


def test_a_start_that_a_restart_of_the_hub_cuts_short_is_told_when_it_goes_on(
    hub, node, notices, do
):
    do(_send("Maintenance."))
    node.runs_pods = False
    try:
        assert hub.start_server(ADA, CPU, answer_after=3).status_code == 202
        hub.kill()
        hub.start()
        hub.until(lambda: hub.servers(ADA).get("", {}).get("pending") == "spawn")
        assert notices == []
    finally:
        node.runs_pods = True
    hub.until(lambda: _texts(notices) == ["Maintenance."])
