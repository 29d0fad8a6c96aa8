"""One repository's record: its fields, its name, and how it is written into the Secret."""

import base64
import json
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime

from gpucommons_contract import written_moment
from gpucommons_upkeep.watch import Manifest

from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.errors import BackupError

SECRET = "workspace-repositories"  # noqa: S105 -- a name
_PASSWORD_BYTES = 32
_UNSAFE = re.compile(r"[^a-z0-9.-]")
_LONGEST_OWNER = 60


class RecordsError(BackupError):
    """The records cannot be used. The sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """One repository. ``name`` is its path in the store."""

    name: str
    password: str
    team: str
    uid: str
    """Of the claim that it is for. Another claim of the same name is somebody else's."""
    owner: str
    made: str
    copy_password: str = ""
    """Of the copy in the second store; empty while none was wanted."""
    kept: bool = False
    """Whether there is a snapshot in it."""
    copied: bool = False
    """Whether there is one in the second store."""
    gone: str = ""
    """Since when the claim is not there any more, empty while it is. Somebody new may get the name
    of who has left, and must not find their files: from then on, only an administrator may."""


def new_record(workspace: Workspace, now: datetime) -> Record:
    """Return one for a workspace that has none, with a name and a password of its own."""
    return Record(
        name=f"{prefix_of(workspace)}{secrets.token_hex(4)}",
        password=new_password(),
        team=workspace.team,
        uid=workspace.uid,
        owner=workspace.owner,
        made=written_moment(now),
    )


def prefix_of(workspace: Workspace) -> str:
    """Return how names of repositories of a workspace begin, and of few others."""
    claim = _UNSAFE.sub("-", workspace.key[1])[:_LONGEST_OWNER].strip("-.")
    return f"{workspace.team}/{claim}-"


def new_password() -> str:
    """Return one that nobody can guess."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def encoded(record: Record) -> str:
    """Return what the Secret has of a record."""
    return base64.b64encode(json.dumps(asdict(record)).encode()).decode()


def key_of(name: str) -> str:
    """Return the key of a record: a slash may not be in one, and no team has a dot."""
    return name.replace("/", ".", 1)


def readable(secret: Manifest) -> tuple[dict[str, Record], list[str]]:
    """Return the records by their names, and the keys of those that cannot be read."""
    found, broken = {}, []
    for key, value in (secret.get("data") or {}).items():
        try:
            record = Record(**json.loads(base64.b64decode(value)))
        except (ValueError, TypeError, RecursionError):
            broken.append(key)
        else:
            found[record.name] = record
    return found, broken


def unreadable(keys: list[str]) -> RecordsError:
    """Return what to raise where records cannot be read."""
    return RecordsError(
        f"What the Secret {SECRET} has as {', '.join(keys)} cannot be read. Put the Secret back "
        "from your copy, or take that away."
    )


def size_of(secret: Manifest) -> int:
    """Return the bytes of all records."""
    data = secret.get("data") or {}
    return sum(len(key) + len(base64.b64decode(value)) for key, value in data.items())
