"""Quota grants, made by the command and followed by a real hub."""

from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_contract import GRANTS_NAMESPACE
from gpucommons_people.files.configuration import Configuration
from gpucommons_people.grants import wanted

from tests.hub.operations import operations

GPU = {"size": "gpu"}
ADA = "ada@example.org"


@pytest.fixture(scope="module", autouse=True)
def _namespace(api):
    api.add_namespace(GRANTS_NAMESPACE)


@pytest.fixture
def do(api, tmp_path):
    """Do one operation of the account commands."""
    configuration = Configuration(
        address="https://hub.example.org",
        kubeconfig=api.kubeconfig,
        audit_log=tmp_path / "audit.jsonl",
        handouts=tmp_path,
    )
    return operations(configuration)


def _more(until: datetime, **more):
    fields = {"user": ADA, "team": None, "reason": "A deadline", "gpus": "2"}
    return wanted(until=until.isoformat(), **fields | more)


def _third(hub):
    """Ask for one GPU more than usual."""
    return hub.start_server(ADA, GPU, server="second")


def test_more_is_to_be_had_from_the_grant_until_it_is_revoked(hub, do):
    hub.join(ADA, "vision")
    hub.start_server(ADA, GPU)
    assert _third(hub).status_code == 409
    end = datetime.now(UTC) + timedelta(days=7)
    name = do(lambda people: people.grant_quota(_more(end))).data["name"]
    hub.until(lambda: hub.availability(ADA, "second")["allowance_gpus"] == "2")
    assert _third(hub).status_code == 201
    said = f"You may have 2 GPUs until {end:%Y-%m-%d %H:%M} UTC, granted by ops."
    assert said in hub.availability(ADA)["holding"]
    do(lambda people: people.revoke_grant(name))
    hub.until(lambda: hub.availability(ADA, "other")["allowance_gpus"] == "1")
    assert hub.servers(ADA).keys() == {"", "second"}  # what runs goes on
    hub.stop_server(ADA, "second")
    assert _third(hub).status_code == 409


def test_a_grant_is_found_again_after_a_restart_and_ends_by_itself(hub, api, do):
    hub.join(ADA, "vision")
    hub.start_server(ADA, GPU)
    more = _more(datetime.now(UTC) + timedelta(days=1))
    name = do(lambda people: people.grant_quota(more)).data["name"]
    hub.kill()
    hub.start()
    hub.until(lambda: hub.availability(ADA, "second")["allowance_gpus"] == "2")
    end = datetime.now(UTC) + timedelta(seconds=3)
    grant = f"/api/v1/namespaces/{GRANTS_NAMESPACE}/configmaps/{name}"
    api.patch(grant, {"data": {"until": end.isoformat()}})
    hub.until(lambda: hub.availability(ADA, "second")["allowance_gpus"] == "1")
    assert datetime.now(UTC) >= end
    assert _third(hub).status_code == 409


def test_a_team_s_grant_is_for_all_of_its_sessions(hub, api, do):
    api.add_team("duo")
    for name in ("ann", "ben"):
        hub.join(name, "duo")
    hub.until(lambda: hub.start_server("ann", {"size": "cpu"}).is_success)
    assert hub.start_server("ben", {"size": "cpu"}).status_code == 409
    end = datetime.now(UTC) + timedelta(days=1)
    more = _more(end, user=None, team="duo", gpus=None, sessions=2)
    do(lambda people: people.grant_quota(more))
    hub.until(lambda: hub.start_server("ben", {"size": "cpu"}).is_success)
