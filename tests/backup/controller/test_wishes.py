"""From somebody's wish at the service to the snapshot and the answer, on a real API server."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import yaml
from gpucommons_backup.controller.results.wishes import Asking
from gpucommons_backup.service.access import Session, Sessions
from gpucommons_backup.service.administrators import Administrators
from gpucommons_backup.service.handlers import Serving
from gpucommons_backup.service.records import Records
from gpucommons_backup.service.server import application
from gpucommons_backup.service.settings import ServiceSettings
from gpucommons_backup.service.shelf import Shelves
from gpucommons_backup.service.work import Work
from gpucommons_backup.wish import Wish
from gpucommons_contract import Annotation
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from .played_cluster import ADA, AN_HOUR_AGO, POD, REPORT, TEAM

TOKEN = "token-of-the-wishes"


class PlayedHub:
    """Each token is that of a session of the person of the same name, in vision."""

    async def owner_of(self, token: str) -> dict:
        return {"kind": "user", "name": token, "scopes": [f"access:servers!server={token}/"]}

    async def server(self, _session: Session) -> dict:
        return {"ready": True, "user_options": {"team": "vision"}}


class Service:
    """The service of earlier files, and what asks it."""

    def __init__(self, folder: Path):
        settings = ServiceSettings(store=f"{folder}/", records=folder)
        self.work, self.token_file = Work(), folder / "wishes-token"
        shelves = Shelves(settings, {})
        hub = PlayedHub()
        serving = Serving(Sessions(hub), Records(folder), shelves, self.work, Administrators(hub))
        self._socket, port = bind_unused_port()
        self.url = f"http://127.0.0.1:{port}/services/files/"
        self._server = HTTPServer(application(serving, wishes_token=TOKEN))
        self.asking: Asking

    def start(self) -> None:
        self._server.add_sockets([self._socket])

    async def stop(self) -> None:
        self._server.stop()
        await self._server.close_all_connections()
        self.work.close()

    async def wish(self, method: str = "POST") -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            headers = {"Authorization": f"token {ADA}"}
            return await client.request(method, f"{self.url}api/wishes", headers=headers)

    async def said(self) -> dict:
        found: dict = (await self.wish("GET")).json()["wish"]
        return found


@pytest.fixture
async def service(settings, backup, tmp_path) -> AsyncIterator[Service]:
    service = Service(tmp_path)
    service.start()
    service.token_file.write_text(TOKEN)
    wishes = {"wishes": {"url": service.url, "token_file": "wishes-token"}}
    settings.write_text(settings.read_text() + yaml.safe_dump(wishes))
    backup.restart()
    yield service
    await service.stop()


@pytest.fixture
def asking(service, backup) -> Asking:
    controller = backup.controller
    log = logging.getLogger("test")
    return Asking(controller._settings, controller.wishes, controller.changed, log)


def _command(cluster) -> list[str]:
    return cluster.snapshot_pods()[POD]["spec"]["containers"][0]["command"][3:]


async def _wished(service, asking, backup) -> None:
    await asking.ask()
    assert (await service.wish()).status_code == 201
    await asking.ask()
    await backup.step()


async def test_a_wish_is_answered_when_there_is_a_newer_snapshot(cluster, backup, service, asking):
    cluster.add_claim(ADA)
    cluster.start_session(ADA, node="seven")
    await backup.step()
    await _wished(service, asking, backup)
    assert _command(cluster)[-2:] == ["--occasion", "person"]
    assert "seven" in str(cluster.snapshot_pods()[POD]["spec"]["affinity"])
    assert (await service.said())["state"] == "waiting"
    cluster.finish(POD, REPORT)
    await backup.step()
    await asking.ask()
    said = await service.said()
    assert (said["state"], said["snapshot"]) == ("done", "ab" * 32)
    await backup.step()
    assert cluster.snapshot_pods() == {}  # it is done once
    cluster.end_session(ADA)
    await backup.step()
    assert _command(cluster)[-1] == "ended"  # what changed after it is not forgotten


async def test_a_wish_outlives_the_controller_and_gives_way_to_a_start(
    cluster, backup, service, asking
):
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    await _wished(service, asking, backup)
    cluster.place(POD, "one")
    cluster.start_session(ADA, node="two")
    await backup.step()
    assert "deletionTimestamp" in cluster.snapshot_pods()[POD]["metadata"]
    cluster.delete(f"/api/v1/namespaces/{TEAM}/pods/{POD}?gracePeriodSeconds=0")
    backup.restart()
    await backup.step()
    assert _command(cluster)[-1] == "person"
    assert "two" in str(cluster.snapshot_pods()[POD]["spec"]["affinity"])
    assert "snapshot-failures" not in cluster.notes(ADA)


async def test_why_a_wish_failed_is_answered_and_said_on_the_claim(
    cluster, backup, service, asking
):
    cluster.add_claim(ADA)
    await _wished(service, asking, backup)
    cluster.finish(POD, "The store is full.", code=1)
    await backup.step()
    await asking.ask()
    said = await service.said()
    assert (said["state"], said["reason"]) == ("failed", "no-snapshot")
    assert cluster.notes(ADA)["snapshot-error"] == "The store is full."
    cluster.start_session(ADA)
    await backup.step()
    cluster.end_session(ADA)
    await backup.step()
    assert _command(cluster)[-1] == "ended"  # nobody's wishes hold up what is taken by itself


async def test_who_has_no_workspace_or_one_for_a_single_pod_is_told(
    cluster, backup, service, asking
):
    await _wished(service, asking, backup)
    await asking.ask()
    assert (await service.said())["reason"] == "no-workspace"
    cluster.add_claim(ADA, "ReadWriteOncePod")
    cluster.start_session(ADA)
    backup.controller.wishes.open = (Wish("another", "vision", ADA),)
    await backup.step()
    assert cluster.snapshot_pods() == {}
    (answer,) = backup.controller.wishes.answers
    assert (answer.id, answer.state, answer.reason) == ("another", "failed", "after-session")


async def test_snapshots_go_on_while_the_service_is_away(cluster, backup, service, asking, caplog):
    await service.stop()
    cluster.add_claim(ADA, mounted_at=AN_HOUR_AGO)
    for _ in range(2):
        await asking.ask()
    service.token_file.unlink()
    await asking.ask()
    await backup.step()
    assert _command(cluster)[-1] == "ended"
    said = [each for each in caplog.messages if each.startswith("nobody's wish is heard")]
    assert len(said) == 2
    assert "ClientConnectorError" in said[0]
    assert "cannot be read" in said[1]


async def test_what_somebody_made_of_the_note_is_no_wish(cluster, backup):
    cluster.add_claim(ADA, snapshot_wish="please")
    await backup.step()
    assert cluster.snapshot_pods() == {}
    cluster.annotate(ADA, Annotation.SNAPSHOT_WISH, '{"id": "1", "state": "waiting"}')
    await backup.step()
    assert _command(cluster)[-1] == "person"
