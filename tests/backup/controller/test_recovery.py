"""Losing the cluster loses nothing: copies, sealed passwords, drills, a stranger with the sheet."""

import json
import logging
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from gpucommons_backup import BackupError, Repository, Survey, compare
from gpucommons_backup.controller.repositories.sealing import RecoveryMetrics, Sealing
from gpucommons_backup.controller.settings import LiveSettings
from gpucommons_backup.controller.watching.cluster import API
from gpucommons_backup.recovery import RecoveryKey, RecoveryShelf, new_key, unseal
from gpucommons_backup.recovery.sheet import StoreOnSheet, sheet
from gpucommons_backup.recovery.shelf import PASSWORD, shelf_address
from gpucommons_config.command import main
from gpucommons_contract import Annotation
from gpucommons_local.machine.programs import program
from prometheus_client import CollectorRegistry

from tests.backup.nasty import make_nasty

from .played_cluster import ADA, IMAGE, POD, RECORDS, REPORT, moment
from .programs import RestServer, run_pod

BOB = "workspace-bob"
SETTINGS = """\
store: rest:{first}/
credentials: snapshots.yaml
tidy_store: rest:{tidy}/
tidy_credentials: tidy.yaml
image: {image}
schedule: {{quiet_seconds: 0}}
recovery: {{recipient: {recipient}}}
copy:
  store: rest:{second}/
  credentials: elsewhere/copier.yaml
"""


@dataclass
class Stores:
    """The first store, and another one elsewhere, with logins of its own."""

    folder: Path
    key: RecoveryKey = field(default_factory=new_key)

    def __post_init__(self) -> None:
        self.away = self.folder / "elsewhere"
        self.away.mkdir()
        self.first = RestServer(self.folder, "snapshots", "--append-only")
        self.tidy = RestServer(self.folder, "tidy")
        self.second = RestServer(self.away, "copier", "--append-only")
        self.settings = self.folder / "backup.yaml"
        self.write(self.key)

    def write(self, key: RecoveryKey) -> None:
        """Write the settings with the public half of a key."""
        urls = {each: getattr(self, each).url for each in ("first", "tidy", "second")}
        text = SETTINGS.format(**urls, image=IMAGE, recipient=key.recipient)
        self.settings.write_text(text)

    def login(self, server: RestServer) -> dict[str, str]:
        return {"RESTIC_REST_USERNAME": "copier", "RESTIC_REST_PASSWORD": server.password}

    def shelf(self) -> RecoveryShelf:
        return RecoveryShelf(f"rest:{self.second.url}/", self.login(self.second))


@pytest.fixture
def stores(tmp_path, monkeypatch) -> Iterator[Stores]:
    # Where the controller and drills find restic, and keep what they have read.
    monkeypatch.setenv("PATH", f"{Path(program('restic')).parent}{os.pathsep}{os.environ['PATH']}")
    stores = Stores(tmp_path)
    monkeypatch.setenv("RESTIC_CACHE_DIR", str(tmp_path / "cache"))
    servers = (stores.first, stores.tidy, stores.second)
    for each in servers:
        each.start()
    yield stores
    for each in servers:
        each.stop()


@pytest.fixture
def settings(stores) -> Path:
    return stores.settings


class Sealer:
    """What seals beside the controller, with what it shows of it."""

    def __init__(self, api: API, settings: Path):
        self.registry = CollectorRegistry()
        log = logging.getLogger("test")
        self.ahead = 0.0
        """In seconds, of the clock that never goes back."""
        self.days = 0
        """By which the other clock is ahead."""
        self._live = LiveSettings(settings, log)
        metrics = RecoveryMetrics(self.registry)
        self._sealing = Sealing(
            *(api, self._live, metrics, log),
            clock=lambda: datetime.now(UTC) + timedelta(days=self.days),
            timer=lambda: self.ahead,
        )

    async def step(self) -> None:
        self._live.look()
        await self._sealing.step()

    @property
    def sealed(self) -> frozenset[str]:
        return self._sealing.sealed

    def metric(self, name: str, store: str) -> float | None:
        return self.registry.get_sample_value(f"gpucommons_backup_{name}", {"store": store})


async def _snapshot(cluster, backup, folder: Path, claim: str, home: Path) -> None:
    cluster.add_claim(claim, mounted_at=moment(datetime.now(UTC) - timedelta(hours=1)))
    await backup.step()
    run_pod(cluster, home, folder, pod=f"snapshot-{claim}")
    await backup.step()
    await backup.step()  # the pod is gone, and another one may have its name


async def _copy(cluster, backup, folder: Path, claim: str, code: int = 0) -> None:
    pod = f"snapshot-{claim}"
    (container,) = cluster.snapshot_pods()[pod]["spec"]["containers"]
    assert container["command"][3] == "copy"
    run_pod(cluster, folder, folder, code, pod=pod)
    await backup.step()


def _drill(stores: Stores, *more: str) -> int:
    key = stores.folder / "key.txt"
    key.write_text(f"# of a test\n{stores.key.private}\n")
    config = ("--config", str(stores.settings), "--scratch", str(stores.folder))
    return main(["backup", "drill", *config, "--key", str(key), *more])


async def test_with_cluster_and_first_store_gone_the_sheet_alone_brings_all_back(
    cluster, backup, stores, tmp_path, capfd
):
    homes = {each: tmp_path / each for each in (ADA, BOB)}
    for each in homes.values():
        each.mkdir()
    make_nasty(homes[ADA])
    (homes[BOB] / "thesis.pdf").write_bytes(os.urandom(200_000))
    async with API.open() as api:
        sealer = Sealer(api, stores.settings)
        for claim, home in homes.items():
            await _snapshot(cluster, backup, tmp_path, claim, home)
            await _copy(cluster, backup, tmp_path, claim)
        await backup.step()
        await sealer.step()
        assert sealer.metric("passwords_unsealed", "second") == 0
        backup.controller.sealed = sealer.sealed
        await backup.step()
        notes = cluster.notes(BOB)
        assert notes["snapshot-sealed"] == notes["backup-repository"]
        assert sealer.metric("last_drill_age_seconds", "second") == float("inf")
        former, stores.key = stores.key, new_key()
        stores.write(stores.key)
        await sealer.step()  # all are sealed anew
        with pytest.raises(BackupError, match=f"whose public half is {former.recipient}"):
            unseal(stores.shelf().sealed(), former)

        stores.first.stop()
        stores.tidy.stop()
        shutil.rmtree(tmp_path / "data")
        _recover_as_a_stranger(stores, tmp_path / "stranger", ADA, homes[ADA])

        ours = unseal(stores.shelf().sealed(), stores.key)
        (name,) = (each.repository for each in ours if each.owner == BOB)
        _flip_a_byte(stores.away / "data" / name)
        assert _drill(stores, "--all", "--json") == 1
        said = json.loads(capfd.readouterr().out)
        assert [said[each] for each in ("is_copy", "known", "compared", "hit")] == [True, 2, 2, 1]
        came = {each["owner"]: each["outcome"] for each in said["workspaces"]}
        assert came == {ADA: "identical", BOB: "failed"}
        stores.first.start()
        stores.tidy.start()
        sealer.ahead = 4000
        await sealer.step()
        assert sealer.metric("passwords_unsealed", "first") == 0  # there again
        assert sealer.metric("last_drill_hit", "second") == 1
        assert 0 <= (sealer.metric("last_drill_age_seconds", "second") or -1) < 3600


async def test_passwords_that_are_erased_leave_the_sealed_lists(cluster, backup, stores):
    cluster.add_claim(ADA, mounted_at=moment(datetime.now(UTC) - timedelta(hours=1)))
    await backup.step()  # which makes its passwords
    (name,) = cluster.records()
    async with API.open() as api:
        sealer = Sealer(api, stores.settings)
        await sealer.step()
        cluster.patch(RECORDS, {"data": {"vision.damaged": "c29tZXRoaW5n"}})
        with pytest.raises(BackupError, match=r"vision\.damaged cannot be read"):
            await sealer.step()  # a list without it would be newer than one with it
        assert sealer.metric("passwords_unsealed", "first") == 1
        assert sealer.sealed == {name}
        cluster.patch(RECORDS, {"data": {"vision.damaged": None, name.replace("/", "."): None}})
        await sealer.step()
        assert unseal(stores.shelf().sealed(), stores.key) == []
        assert sealer.metric("passwords_unsealed", "first") == 0
        assert _lists(stores.tidy) == 2
        sealer.ahead, sealer.days = 90000.0, 31
        await sealer.step()
        assert (_lists(stores.tidy), _lists(stores.second)) == (1, 2)


def _lists(server: RestServer) -> int:
    """How many sealed lists a store has."""
    login = {"RESTIC_REST_USERNAME": server.user, "RESTIC_REST_PASSWORD": server.password}
    place = {"RESTIC_REPOSITORY": shelf_address(f"rest:{server.url}/"), "RESTIC_PASSWORD": PASSWORD}
    return len(Repository(login | place).snapshots())


async def test_a_second_store_that_is_away_is_told_and_snapshots_go_on(cluster, backup):
    cluster.add_claim(ADA, mounted_at=moment(datetime.now(UTC) - timedelta(hours=1)))
    await backup.step()
    cluster.finish(POD, REPORT)
    for _ in range(2):
        await backup.step()
    assert _command(cluster) == ["copy"]
    assert (
        cluster.secrets()[POD]["RESTIC_FROM_PASSWORD"] != cluster.secrets()[POD]["RESTIC_PASSWORD"]
    )
    cluster.start_session(ADA)
    await backup.step()
    assert "deletionTimestamp" not in cluster.snapshot_pods()[POD]["metadata"]
    cluster.end_session(ADA)
    cluster.finish(POD, "The store does not answer.", code=1)
    for _ in range(2):
        await backup.step()
    notes = cluster.notes(ADA)
    assert notes["snapshot-copy-error"] == "The store does not answer."
    assert {"snapshot-error", "snapshot-copied"} & set(notes) == set()
    assert _command(cluster) == ["snapshot", "/workspace", "--expected", "--occasion", "ended"]
    assert backup.metric("last_copy_age_seconds", team="vision") >= 0
    # Not by a session of this second: after that there would be one more.
    cluster.annotate(ADA, Annotation.MOUNTED_AT, moment(datetime.now(UTC) - timedelta(hours=1)))
    backup.ahead = timedelta(hours=2)
    cluster.finish(POD, REPORT)
    for _ in range(2):
        await backup.step()
    assert _command(cluster) == ["copy"]  # again
    cluster.finish(POD, "{}")
    await backup.step()
    assert "snapshot-copy-error" not in cluster.notes(ADA)


def _command(cluster) -> list[str]:
    (container,) = cluster.snapshot_pods()[POD]["spec"]["containers"]
    command: list[str] = container["command"][3:]
    return command


def _recover_as_a_stranger(stores: Stores, folder: Path, owner: str, home: Path) -> None:
    """Do what the sheet says, with restic and age and nothing of ours."""
    places = [
        StoreOnSheet(f"rest:{stores.first.url}/"),
        StoreOnSheet(f"rest:{stores.second.url}/", is_copy=True),
    ]
    text = sheet(stores.key, places, date(2026, 11, 30))
    write, store, login, shelf, dump, decrypt, workspace, look, back = re.findall(
        r"^    (\S+ .*)$", text.partition("\n1. ")[2], re.MULTILINE
    )
    folder.mkdir()
    environment = {"HOME": str(folder), "PATH": _programs()}

    def run(*lines: str, given: str = "") -> str:
        done = subprocess.run(
            ["bash", "-eu", "-c", "\n".join(lines)],
            cwd=folder,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(write, given=f"{stores.key.private}\n")
    for value in ("copier", stores.second.password):
        login = login.replace("...", f"'{value}'", 1)
    run(store, login, shelf, dump, decrypt)
    lines = map(json.loads, (folder / "passwords.txt").read_text().splitlines())
    (found,) = (each for each in lines if each["owner"] == owner)
    assert '"copy_password"' in text.partition("\n4. ")[2]
    workspace = workspace.replace("...", found["copy_password"], 1)
    workspace = workspace.replace("...", found["repository"], 1)
    assert "1 snapshots" in run(store, login, workspace, look)
    run(store, login, workspace, back)
    assert list(compare(Survey(home).lines(), Survey(folder / "home").lines())) == []


def _programs() -> str:
    """Return a PATH with restic and age, and nothing of ours."""
    found = [shutil.which(each) for each in ("restic", "age")]
    assert all(found), "age is not installed: apt-get install age"
    return os.pathsep.join([*(str(Path(each or "").parent) for each in found), "/usr/bin", "/bin"])


def _flip_a_byte(repository: Path) -> None:
    """Damage the largest pack: it has what people wrote."""
    packs = (each for each in (repository / "data").rglob("*") if each.is_file())
    pack = max(packs, key=lambda each: each.stat().st_size)
    content = bytearray(pack.read_bytes())
    content[len(content) // 3] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
