"""Snapshots of workspaces: their store, what has them taken, what gives people files of them."""

import base64
import hashlib

import yaml
from gpucommons_contract import FILES_SERVICE

from gpucommons_local.cluster.namespaces import NAMESPACE
from gpucommons_local.images import backup_image
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import NODE_ADDRESS, Instance
from gpucommons_local.machine.programs import BACKUP, built, program
from gpucommons_local.machine.secrets import Secrets
from gpucommons_local.machine.supervision import Program
from gpucommons_local.machine.toolchain import BIN

_CONTROLLER_PORT, _FILES_PORT, _STORE_PORT, _TIDY_PORT = 10105, 10106, 10107, 10108
_QUIET_SECONDS = 20
"""After a session: here people want to see what happens."""
_PACKAGES = ("backup", "contract", "hub_config", "upkeep")


def backup_programs(instance: Instance, secrets: Secrets) -> list[Program]:
    """Return them once restic is built: a first session does without."""
    if not built(BACKUP):
        return []
    return [
        # What makes snapshots can delete none: only the other server lets go of old ones.
        _store(instance, "backup-store", _STORE_PORT, secrets.store, "--append-only"),
        _store(instance, "backup-store-tidying", _TIDY_PORT, secrets.store_tidying),
        _controller(instance, secrets),
        _files(instance, secrets),
    ]


def files_service(secrets: Secrets) -> dict[str, object]:
    """Return the entry for the hub's list of services."""
    listed: dict[str, object] = {"name": FILES_SERVICE, "api_token": secrets.files_token}
    if built(BACKUP):  # by it, administrators read snapshots; people have no page there
        listed |= {"url": f"http://{NODE_ADDRESS}:{_FILES_PORT}", "display": False}
    return listed


def files_url() -> str:
    """Return where sessions ask for earlier files; empty until restic is built."""
    return f"http://{NODE_ADDRESS}:{_FILES_PORT}/services/{FILES_SERVICE}" if built(BACKUP) else ""


def _store(instance: Instance, name: str, port: int, password: str, *options: str) -> Program:
    logins = instance.state / "backup" / f"{name}.htpasswd"
    digest = base64.b64encode(hashlib.sha1(password.encode(), usedforsecurity=False).digest())
    command = [
        str(program("rest-server")),
        "--path",
        str(instance.state / "backup" / "store"),
        *options,
    ]
    command += ["--listen", f"{NODE_ADDRESS}:{port}", "--htpasswd-file", str(logins)]
    address = f"http://{NODE_ADDRESS}:{port}/"
    return Program(
        name,
        command,
        ("curl", "-sS", "-m", "5", "-o", "/dev/null", address),
        # Enough for a password of 256 random bits, which no list has.
        files={logins: f"{name}:{{SHA}}{digest.decode()}\n"},
    )


def _controller(instance: Instance, secrets: Secrets) -> Program:
    folder = instance.state / "backup"
    logins = {
        "credentials": ("backup-store", secrets.store),
        "tidy_credentials": ("backup-store-tidying", secrets.store_tidying),
    }
    settings = {
        "store": f"rest:http://{NODE_ADDRESS}:{_STORE_PORT}/",
        "tidy_store": f"rest:http://{NODE_ADDRESS}:{_TIDY_PORT}/",
        "image": backup_image().reference(),
        "namespace": NAMESPACE,
        "records_folder": str(folder / "records"),
        "wishes": {"url": f"{files_url()}/", "token_file": str(folder / "wishes-token")},
        "schedule": {"quiet_seconds": _QUIET_SECONDS},
        **{key: str(folder / f"{key}.yaml") for key in logins},
    }
    files = {
        folder / f"{key}.yaml": yaml.safe_dump(
            {"RESTIC_REST_USERNAME": name, "RESTIC_REST_PASSWORD": password}
        )
        for key, (name, password) in logins.items()
    }
    files[folder / "wishes-token"] = secrets.wishes_token
    file = folder / "backup.yaml"
    command = [str(BIN / "gpucommons"), "backup", "run", "--config", str(file)]
    health = f"http://127.0.0.1:{_CONTROLLER_PORT}/health"
    return Program(
        "backup",
        [*command, "--port", str(_CONTROLLER_PORT)],
        ("curl", "-fsS", "-m", "5", "-o", "/dev/null", health),
        environment={
            "KUBECONFIG": str(instance.kubeconfigs / "backup.conf"),
            "PATH": f"{program('restic').parent}:/usr/bin:/bin",
        },
        files={**files, file: yaml.safe_dump(settings)},
        sources=[checkout() / each for each in _PACKAGES],
    )


def _files(instance: Instance, secrets: Secrets) -> Program:
    folder = instance.state / "backup"
    (folder / "records").mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = {
        "store": f"rest:http://{NODE_ADDRESS}:{_STORE_PORT}/",
        "credentials": str(folder / "credentials.yaml"),
        "records": str(folder / "records"),
        "cache": str(folder / "cache"),
        "wishes_token": str(folder / "wishes-token"),
        "address": NODE_ADDRESS,
        "port": _FILES_PORT,
    }
    file = folder / "files.yaml"
    health = f"http://{NODE_ADDRESS}:{_FILES_PORT}/health"
    return Program(
        "backup-files",
        [str(BIN / "gpucommons"), "backup", "serve", "--config", str(file)],
        ("curl", "-fsS", "-m", "5", "-o", "/dev/null", health),
        environment={
            "JUPYTERHUB_API_TOKEN": secrets.files_token,
            "JUPYTERHUB_API_URL": f"http://{NODE_ADDRESS}:8081/hub/api",
            "PATH": f"{program('restic').parent}:/usr/bin:/bin",
        },
        files={
            file: yaml.safe_dump(settings),
            folder / "wishes-token": secrets.wishes_token,
        },
        sources=[checkout() / each for each in _PACKAGES],
    )
