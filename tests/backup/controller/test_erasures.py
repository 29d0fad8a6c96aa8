"""Erasing snapshots for ever, with a real API server, restic and rest-server."""

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gpucommons_backup import BackupError, Repository
from gpucommons_backup.controller.repositories import erasures
from gpucommons_backup.controller.repositories.erasures import Erasing
from gpucommons_backup.controller.settings import LiveSettings
from gpucommons_backup.erasing import Doomed as Target
from gpucommons_backup.erasing import erase, is_there
from gpucommons_contract.workspaces.erasures import Doomed, Erasure, ErasureState, read_erasure
from gpucommons_local.machine.programs import program

from .played_cluster import ADA, IMAGE, POD, TEAM, moment
from .programs import RestServer, run_pod

MAP = "/api/v1/namespaces/gpucommons/configmaps/snapshot-erasures"
POD_PATH = f"/api/v1/namespaces/{TEAM}/pods/{POD}"
ID = "0123456789ab"
ASKED = Erasure(ID, "vision", ADA, at=moment(datetime.now(UTC)), by="root", reason="she asked")


class Stores:
    """The first store by both logins, and a second one; all settings of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.away = folder, folder / "elsewhere"
        self.away.mkdir()
        self.adding = RestServer(folder, "snapshots", "--append-only")
        self.tidying = RestServer(folder, "tidy")
        self.copier = RestServer(self.away, "copier")
        self.settings = folder / "backup.yaml"
        self.write(
            f"tidy_store: rest:{self.tidying.url}/\ntidy_credentials: tidy.yaml\n"
            f"copy:\n  store: rest:{self.copier.url}/\n  credentials: elsewhere/copier.yaml\n"
            "  tidy_credentials: elsewhere/copier.yaml\n"
        )

    def write(self, more: str) -> None:
        self.settings.write_text(
            f"store: rest:{self.adding.url}/\ncredentials: snapshots.yaml\nimage: {IMAGE}\n"
            f"schedule: {{quiet_seconds: 0}}\n{more}"
        )

    def files(self, name: str) -> list[Path]:
        """What there is of a repository, in both."""
        every = (each / "data" / name for each in (self.folder, self.away))
        return [each for folder in every for each in folder.rglob("*") if each.is_file()]

    def copy(self, record: dict[str, str]) -> None:
        """Make its repository in the second store."""
        environment = {
            "RESTIC_REPOSITORY": f"rest:{self.copier.url}/{record['name']}/",
            "RESTIC_PASSWORD": record["copy_password"],
            "RESTIC_REST_USERNAME": "copier",
            "RESTIC_REST_PASSWORD": self.copier.password,
        }
        Repository(environment).create()


@pytest.fixture
def stores(tmp_path, monkeypatch) -> Iterator[Stores]:
    monkeypatch.setenv("PATH", f"{Path(program('restic')).parent}{os.pathsep}{os.environ['PATH']}")
    stores = Stores(tmp_path)
    for each in (stores.adding, stores.tidying, stores.copier):
        each.start()
    yield stores
    for each in (stores.adding, stores.tidying, stores.copier):
        each.stop()


@pytest.fixture
def settings(stores) -> Path:
    return stores.settings


@pytest.fixture
def erasing(backup, settings) -> Erasing:
    live = LiveSettings(settings, logging.getLogger("test"))
    return Erasing(
        backup.controller._api,
        live,
        backup.controller.living,
        backup.controller.left_over,
        logging.getLogger("test"),
        clock=lambda: datetime.now(UTC) + backup.ahead,
    )


@pytest.fixture
async def kept(cluster, backup, tmp_path) -> str:
    """The repository of a workspace that has a snapshot."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "a").write_text("a")
    cluster.add_claim(ADA, mounted_at=moment(datetime.now(UTC) - timedelta(hours=1)))
    await backup.step()
    run_pod(cluster, home, tmp_path)
    await backup.step()
    name: str = cluster.notes(ADA)["backup-repository"]
    return name


def _put(cluster, entry: Erasure | str | None, key: str = ID) -> None:
    text = entry.to_json() if isinstance(entry, Erasure) else entry
    cluster.patch(MAP, {"data": {key: text}})


def _entry(cluster) -> Erasure | None:
    text = (cluster.get(MAP).get("data") or {}).get(ID)
    return read_erasure(text) if text else None


def _delete_claim(cluster) -> None:
    path = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/{ADA}"
    cluster.patch(path, {"metadata": {"finalizers": None}})
    cluster.delete(path)


async def test_what_was_confirmed_is_gone_from_the_store_and_nobody_has_its_password(
    cluster, backup, erasing, kept, stores
):
    _put(cluster, ASKED)
    await erasing.step()
    assert _entry(cluster).state == ErasureState.FAILED
    assert "The workspace is still there" in _entry(cluster).says
    _delete_claim(cluster)
    await backup.step()
    _put(cluster, ASKED)
    await erasing.step()
    found = _entry(cluster)
    assert (found.state, [each.name for each in found.found]) == (ErasureState.FOUND, [kept])
    await erasing.step()
    assert stores.files(kept)  # nobody has confirmed it
    _put(cluster, replace(found, state=ErasureState.CONFIRMED))
    await erasing.step()
    assert "It begins in two minutes" in _entry(cluster).says
    stores.copy(cluster.records()[kept])
    assert {"data", "elsewhere"} <= {
        each.relative_to(stores.folder).parts[0] for each in stores.files(kept)
    }
    backup.ahead = timedelta(minutes=3)
    stores.tidying.stop()
    await erasing.step()
    assert "does not answer" in _entry(cluster).says
    assert kept in cluster.records()  # its password is not erased before the rest
    stores.tidying.start()
    await erasing.step()
    assert _entry(cluster).state == ErasureState.DONE
    assert (stores.files(kept), cluster.records()) == ([], {})
    backup.ahead = timedelta(days=2)
    await erasing.step()
    assert _entry(cluster) is None


class _Killed(BaseException):
    pass


def _is_killed(_doomed: Target) -> None:
    raise _Killed


async def test_one_that_was_killed_between_goes_on_and_what_is_in_use_again_stays(
    cluster, backup, erasing, kept, stores
):
    backup.ahead = timedelta(minutes=3)
    doomed = (Doomed("vision/erased-before", "", ""), Doomed(kept, "", ""))
    confirmed = replace(ASKED, state=ErasureState.CONFIRMED, found=doomed)
    _put(cluster, confirmed)
    await erasing.step()
    assert _entry(cluster).state == ErasureState.FAILED
    assert f"{kept} is in use again" in _entry(cluster).says
    _delete_claim(cluster)
    await backup.step()
    _put(cluster, replace(confirmed, owner="somebody-else"))
    backup.ahead = timedelta(minutes=9)
    await erasing.step()
    assert _entry(cluster).state == ErasureState.FAILED
    assert stores.files(kept)
    for each in stores.files(kept)[::2]:  # as if it had been killed half-way
        each.unlink()
    _put(cluster, confirmed)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(erasures, "erase", _is_killed)
        with pytest.raises(_Killed):
            await erasing.step()
    backup.ahead = timedelta(minutes=10)
    await erasing.step()
    assert (_entry(cluster).state, _entry(cluster).tries) == (ErasureState.CONFIRMED, "1")
    assert stores.files(kept)  # not at once, or it would be killed again and again
    backup.ahead = timedelta(minutes=12)
    await erasing.step()
    assert (_entry(cluster).state, _entry(cluster).tries) == (ErasureState.DONE, "")
    assert stores.files(kept) == []


async def test_nothing_is_erased_while_a_pod_of_the_workspace_may_still_write(
    cluster, backup, erasing, kept, stores
):
    await backup.step()
    assert POD in cluster.snapshot_pods()  # which copies
    cluster.place(POD, "one")
    cluster.say(POD, {"phase": "Running"})
    cluster.patch(POD_PATH, {"metadata": {"finalizers": ["example.org/node-is-slow"]}})
    _delete_claim(cluster)
    await backup.step()
    assert "deletionTimestamp" in cluster.snapshot_pods()[POD]["metadata"]
    backup.ahead = timedelta(minutes=3)
    doomed = (Doomed(kept, "", ""),)
    _put(cluster, replace(ASKED, state=ErasureState.CONFIRMED, found=doomed))
    await erasing.step()
    assert "A pod of its snapshots is about to end" in _entry(cluster).says
    assert stores.files(kept)
    cluster.patch(POD_PATH, {"metadata": {"finalizers": None}})
    cluster.end_pod(POD, {"exitCode": 1})
    await backup.look()
    await erasing.step()
    assert (_entry(cluster).state, stores.files(kept)) == (ErasureState.DONE, [])


async def test_where_the_login_that_may_delete_is_for_another_store_that_is_found_out(
    cluster, backup, erasing, kept, stores
):
    _delete_claim(cluster)
    await backup.step()
    stores.write(
        f"tidy_store: rest:{stores.copier.url}/\ntidy_credentials: elsewhere/copier.yaml\n"
    )
    erasing._settings.look()
    found = (Doomed(kept, "", ""),)
    _put(cluster, replace(ASKED, state=ErasureState.CONFIRMED, found=found))
    backup.ahead = timedelta(minutes=3)
    await erasing.step()
    assert f"The store still has {kept}" in _entry(cluster).says
    assert kept in cluster.records()


async def test_without_a_login_that_may_delete_nothing_is_begun(
    cluster, backup, erasing, kept, stores
):
    _delete_claim(cluster)
    await backup.step()
    stores.write("")
    erasing._settings.look()
    _put(cluster, ASKED)
    await erasing.step()
    assert "no login that may delete" in _entry(cluster).says
    # Where both name the address that is append-only.
    stores.write(f"tidy_store: rest:{stores.adding.url}/\ntidy_credentials: snapshots.yaml\n")
    erasing._settings.look()
    found = (Doomed(kept, "", ""),)
    _put(cluster, replace(ASKED, state=ErasureState.CONFIRMED, found=found))
    backup.ahead = timedelta(minutes=3)
    await erasing.step()
    assert "refuses to delete" in _entry(cluster).says
    assert kept in cluster.records()


async def test_who_is_not_known_is_said_and_what_cannot_be_read_is_taken_away(
    cluster, backup, erasing
):
    await backup.look()
    _put(cluster, "please", "another")
    _put(cluster, replace(ASKED, owner="nobody"))
    await erasing.step()
    assert _entry(cluster).says == "nobody has no repository in team vision."
    assert "another" not in cluster.get(MAP)["data"]
    backup.controller.claims.loaded = False
    _put(cluster, replace(ASKED, state=ErasureState.CONFIRMED))
    with pytest.raises(BackupError, match="not known yet"):
        await erasing.step()
    _put(cluster, None)


def test_where_no_file_can_be_deleted_by_itself_what_is_left_has_nothing_of_anybody(
    tmp_path, monkeypatch
):
    said = tmp_path / "limits"
    restic = tmp_path / "programs" / "restic"
    restic.parent.mkdir()
    restic.write_text(
        f'#!/bin/sh\necho $GOMEMLIMIT $GOGC $* >> {said}\nexec {program("restic")} "$@"\n'
    )
    restic.chmod(0o755)
    monkeypatch.setenv("PATH", f"{restic.parent}{os.pathsep}{os.environ['PATH']}")
    home = tmp_path / "home"
    home.mkdir()
    (home / "a").write_text("a")
    environment = {"RESTIC_REPOSITORY": f"{tmp_path}/kept/", "RESTIC_PASSWORD": "p"}
    repository = Repository(environment)
    repository.create()
    repository.snapshot(home, host="workspace", time=datetime.now(UTC))
    target = Target(f"{tmp_path}/kept/", environment)
    assert is_there(target)
    for _ in range(2):
        erase(target)
    assert not is_there(target)
    assert not is_there(Target(f"{tmp_path}/never-made/", environment))
    left = {
        each.relative_to(tmp_path / "kept").parts[0]
        for each in (tmp_path / "kept").rglob("*")
        if each.is_file()
    }
    assert left == {"config", "keys"}
    pruned = [each.split() for each in said.read_text().splitlines() if " prune " in each]
    assert [each[:2] for each in pruned] == [["300MiB", "20"]] * 2  # inside the controller
