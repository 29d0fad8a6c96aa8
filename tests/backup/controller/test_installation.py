"""The Secrets that an installation makes, by the real kubectl, are what store and programs read."""

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from gpucommons_backup.settings_file import read_login
from gpucommons_installer.rendering import render
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import program

from tests.hub.processes import Program, free_port
from tests.unit.installer.samples import S3, STORE, answers, write_all

_NEW = ("backup-store", "backup-store-login", "earlier-files", "backup-wishes")
_MADE = ("gpucommons-hub", "gpucommons-dex-client", "gpucommons-database-hub")
_SECRETS = "/api/v1/namespaces/gpucommons/secrets"

pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("openssl")), reason="needs bash and openssl"
)


@pytest.fixture
def make(cluster, tmp_path):
    """Make the Secrets of answers in the cluster."""

    def make(**given: str) -> None:
        rendered = {str(file): text for file, text in render(answers(**given)).items()}
        script = tmp_path / "make.sh"
        script.write_text(rendered["secrets/make.sh"])
        path = f"{Path(program('kubectl')).parent}{os.pathsep}{os.environ['PATH']}"
        subprocess.run(
            ["bash", str(script)],
            env={"PATH": path, "KUBECONFIG": str(cluster.kubeconfig), "HOME": str(tmp_path)},
            check=True,
            capture_output=True,
        )

    yield make
    for namespace in ("gpucommons", "dex"):
        cluster.kubectl("delete", "secrets", "--all", "--namespace", namespace)


def _data(cluster, name: str) -> dict[str, str]:
    found = cluster.get(f"{_SECRETS}/{name}")["data"]
    return {key: base64.b64decode(value).decode() for key, value in found.items()}


@pytest.mark.parametrize("given", [STORE, S3])
def test_the_cluster_takes_the_objects_that_are_written(cluster, tmp_path, given):
    shutil.copytree(checkout() / "cluster", tmp_path / "cluster")
    folder = tmp_path / "installation"
    write_all(folder, answers(**given))
    kinds = set()
    for part in sorted(folder.glob("*/kustomization.yaml")):
        if part.parent.name in ("backup", "backup-store", "earlier-files", "doctor"):
            applied = cluster.kubectl(
                *("apply", "--server-side", "--force-conflicts", "--dry-run=server"),
                *("--output", "name", "-k", str(part.parent)),
            )
            kinds |= set(applied.split())
    made = {"deployment.apps/backup", "deployment.apps/earlier-files", "cronjob.batch/doctor"}
    assert made <= kinds
    assert ("persistentvolumeclaim/backup-store" in kinds) is (given is STORE)


@contextmanager
def _store(folder: Path, accounts: str) -> Iterator[str]:
    """rest-server that knows the accounts of a file."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [str(program("rest-server")), f"--path={folder / 'data'}"]
    command += [f"--listen={url.removeprefix('http://')}", f"--htpasswd-file={folder / accounts}"]
    command += ["--prometheus", "--prometheus-no-auth"]
    store = Program(command, f"{url}/metrics", folder / f"{accounts}.log", {})
    store.start()
    yield url
    store.stop()


def _status(url: str, user: str, password: str) -> int:
    return httpx.get(f"{url}/vision/a/config", auth=(user, password), timeout=60).status_code


def test_backups_are_added_to_an_installation_and_the_store_takes_their_logins(
    cluster, make, tmp_path
):
    make()
    before = {name: _data(cluster, name) for name in _MADE}
    make(**STORE)
    after = {name: _data(cluster, name) for name in (*_MADE, *_NEW)}
    token = after["earlier-files"]["api-token"]
    before["gpucommons-hub"]["hub.services.files.apiToken"] = token
    assert {name: after[name] for name in _MADE} == before
    make(**STORE)
    assert {name: _data(cluster, name) for name in (*_MADE, *_NEW)} == after
    for login, accounts in {"credentials.yaml": "htpasswd", "tidy.yaml": "tidy-htpasswd"}.items():
        (tmp_path / login).write_text(after["backup-store-login"][login])
        (tmp_path / accounts).write_text(after["backup-store"][accounts])
        said = read_login(tmp_path / login)
        with _store(tmp_path, accounts) as url:
            user, password = said["RESTIC_REST_USERNAME"], said["RESTIC_REST_PASSWORD"]
            assert _status(url, user, password) == httpx.codes.NOT_FOUND  # let in: nothing there
            assert _status(url, user, "another") == httpx.codes.UNAUTHORIZED
