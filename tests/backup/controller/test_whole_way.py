"""The whole way with real programs: what a pod is told to do is done, by restic, in rest-server."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gpucommons_backup import Survey, compare
from gpucommons_contract import Annotation, RestoreRequest, read_restore_result

from tests.backup.nasty import make_nasty
from tests.backup.object_store import ADDS, TIDIES, ObjectStore

from .played_cluster import ADA, IMAGE, TEAM, moment
from .programs import RestServer, run_pod, variables_of


@pytest.fixture(params=["rest-server", "s3"])
def settings(request, tmp_path) -> Iterator[Path]:
    """Those of each kind of store, with a login that adds and one that tidies."""
    with (_rest_server if request.param == "rest-server" else _s3)(tmp_path) as stores:
        file = tmp_path / "backup.yaml"
        file.write_text(
            f"{stores}\ncredentials: snapshots.yaml\ntidy_credentials: tidy.yaml\nimage: {IMAGE}\n"
            "schedule: {quiet_seconds: 0}\n"
            "retention: {within_days: 1, hourly: 0, daily: 0, weekly: 0, monthly: 1}\n"
        )
        yield file


@contextlib.contextmanager
def _rest_server(folder: Path) -> Iterator[str]:
    servers = (RestServer(folder, "snapshots", "--append-only"), RestServer(folder, "tidy"))
    for each in servers:
        each.start()
    yield f"store: rest:{servers[0].url}/\ntidy_store: rest:{servers[1].url}/"
    for each in servers:
        each.stop()


@contextlib.contextmanager
def _s3(folder: Path) -> Iterator[str]:
    server = ObjectStore(folder / "s3")
    server.start()
    try:
        server.prepare()
        for login in (ADDS, TIDIES):
            (folder / f"{login}.yaml").write_text(json.dumps(server.login(login)))
        yield f"store: {server.store}"
    finally:
        server.stop()


def _snapshots(variables: dict[str, str]) -> list[dict]:
    found: list[dict] = json.loads(_restic(variables, "--json", "snapshots", "--host", "workspace"))
    return found


def _restic(variables: dict[str, str], *arguments: str) -> str:
    command = ["restic", "--no-lock", *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return done.stdout


async def test_what_a_pod_is_told_to_do_makes_snapshots_and_forgets_old_ones(
    cluster, backup, tmp_path
):
    home = tmp_path / "home"
    home.mkdir()
    cluster.add_claim(ADA)
    for number in range(2):
        (home / "train.ipynb").write_text(f"{number}")
        cluster.start_session(ADA)
        await backup.step()
        cluster.end_session(ADA)
        await backup.step()
        variables = variables_of(cluster)
        run_pod(cluster, home, tmp_path)
        await backup.step()
        # As if it were a while ago, so that a session can have it again in this same second.
        cluster.annotate(ADA, Annotation.MOUNTED_AT, moment(datetime.now(UTC) - timedelta(hours=1)))
    first, second = _snapshots(variables)
    assert cluster.notes(ADA)["snapshot-id"] == second["id"]
    assert cluster.notes(ADA)["snapshot-files"] == "1"
    assert _restic(variables, "dump", first["id"], "/train.ipynb") == "0"

    backup.ahead = timedelta(days=15)
    await backup.step()
    run_pod(cluster, home, tmp_path)
    await backup.step()
    assert "snapshot-tidied" in cluster.notes(ADA)
    assert "snapshot-tidy-error" not in cluster.notes(ADA)
    assert _restic(variables, "dump", first["id"], "/train.ipynb") == "0"  # it is to be kept


async def test_a_deleted_workspace_comes_back_in_the_one_made_anew(cluster, backup, tmp_path):
    home, anew = tmp_path / "home", tmp_path / "anew"
    home.mkdir()
    anew.mkdir()
    make_nasty(home)
    cluster.add_claim(ADA, mounted_at=moment(datetime.now(UTC) - timedelta(hours=1)))
    await backup.step()
    run_pod(cluster, home, tmp_path)
    await backup.step()
    old = cluster.notes(ADA)["backup-repository"]

    path = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims/{ADA}"
    cluster.patch(path, {"metadata": {"finalizers": None}})
    cluster.delete(path)
    cluster.add_claim(ADA)
    for number, which in enumerate(({"repository": old}, {"repository": old, "snapshot": "f" * 8})):
        request = RestoreRequest(f"{number}", **which)
        cluster.annotate(ADA, Annotation.RESTORE_REQUEST, request.to_json())
        await backup.step()
        run_pod(cluster, anew, tmp_path, code=number)
        await backup.step()
        answer = read_restore_result(cluster.notes(ADA)["restore-result"])
        if number == 0:
            (folder,) = anew.iterdir()
            assert answer.folder == folder.name
            assert list(compare(Survey(home).lines(), Survey(folder).lines())) == []
    assert answer.says.startswith("There is no snapshot with the id ffffffff.")
    assert list(anew.iterdir()) == [folder]


async def test_a_login_that_the_store_does_not_take_is_told_on_the_claim(
    cluster, backup, settings, tmp_path
):
    login = settings.parent / "snapshots.yaml"
    (password,) = (each for each in json.loads(login.read_text()) if each.endswith(_SECRETS))
    login.write_text(json.dumps(json.loads(login.read_text()) | {password: "another"}))
    (home := tmp_path / "home").mkdir()
    cluster.add_claim(ADA, mounted_at=moment(datetime.now(UTC) - timedelta(hours=1)))
    await backup.step()
    run_pod(cluster, home, tmp_path, code=1)
    await backup.step()
    assert "does not accept the account" in cluster.notes(ADA)["snapshot-error"]


_SECRETS = ("PASSWORD", "SECRET_ACCESS_KEY")
