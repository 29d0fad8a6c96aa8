"""Secrets of one instance: made once, kept readable by root alone."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from gpucommons_local.machine.instance import Instance


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the platform's parts share among themselves."""

    dex_client: str
    proxy_token: str
    people_token: str
    idle_token: str
    accounting_token: str
    crypt_key: str
    """32 bytes in hexadecimal; encrypts auth state in the hub's database."""
    files_token: str
    store: str
    """Password of the store of snapshots, where they can be added and read."""
    store_tidying: str
    """The same where they can be deleted."""
    wishes_token: str
    """By which the controller of the snapshots asks for people's wishes."""
    metrics_token: str
    """By which Prometheus reads the hub's metrics."""
    cookie: str
    secure_cookie: str
    """Signs cookies at HTTPS: one that went over HTTP is not good there."""


def load_secrets(instance: Instance) -> Secrets:
    """Read the instance's secrets; makes those that are missing."""
    file = instance.state / "secrets.json"
    known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    names = [each.name for each in fields(Secrets)]
    found = Secrets(**{name: known.get(name) or secrets.token_hex(32) for name in names})
    if asdict(found) != known:
        _write(file, asdict(found))
    return found


def _write(file: Path, content: dict[str, object]) -> None:
    """Replace the file in one step: another thread or command may read it meanwhile."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as output:
        json.dump(content, output, indent=2)
    new.replace(file)
