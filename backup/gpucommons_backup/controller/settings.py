"""The settings of the controller, read from a YAML file that may change while it runs."""

import logging
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from gpucommons_backup.controller.elsewhere import (
    CopySettings,
    RecoverySettings,
    Store,
    Strict,
)
from gpucommons_backup.repository import Retention
from gpucommons_backup.settings_file import SettingsError, read_login, read_model, read_token

_PATHS = ("credentials", "tidy_credentials", "records_folder")
_Count = Annotated[int, Field(ge=0, le=1000, strict=True)]
_Name = Annotated[
    str, Field(pattern=r"^[^/\x00-\x1f]*[^/*\x00-\x1f][^/\x00-\x1f]*$", max_length=100)
]
"""Not of asterisks alone, which would leave out all."""
_ON_GPU_NODES = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


class Schedule(Strict):
    """When snapshots are taken."""

    live_minutes: Annotated[int, Field(ge=1, le=10_080, strict=True)] = 60
    """How old the last snapshot of a workspace may be while a session has it. The next one is begun
    somewhat earlier."""
    quiet_seconds: Annotated[int, Field(ge=0, le=3600, strict=True)] = 60
    """How long after the end of a session its snapshot begins: another one may come at once."""
    at_once: Annotated[int, Field(ge=1, le=200, strict=True)] = 4
    """How many pods run at a time, in the whole cluster."""


class RetentionSettings(Strict):
    """Which snapshots are kept: the fields of `Retention`."""

    within_days: Annotated[int, Field(ge=1, le=3650, strict=True)] = 2
    hourly: _Count = 24
    daily: _Count = 30
    weekly: _Count = 12
    monthly: _Count = 6
    tags: tuple[str, ...] = ("final",)
    person: _Count = 5

    def retention(self) -> Retention:
        """Return what restic is told."""
        return Retention(**self.model_dump())


class ExcludeSettings(Strict):
    """What snapshots leave out besides caches, trash and packages."""

    names: Annotated[tuple[_Name, ...], Field(max_length=50)] = ()
    """Of files and folders, such as ``wandb`` or ``*.ckpt``."""
    largest_gb: Annotated[int, Field(ge=1, le=100_000, strict=True)] = 10
    """GiB of a file; larger ones are left out."""

    @property
    def largest(self) -> int:
        """Return the same in bytes."""
        return self.largest_gb * 2**30


class WishSettings(Strict):
    """Where people's wishes for a snapshot now are asked for."""

    url: Annotated[str, Field(pattern=r"^https?://[^@\s]+/$")]
    """Of the service of earlier files, such as
    ``http://earlier-files.gpucommons.svc:10106/services/files/``."""
    token_file: Path
    """With the token that the service knows as ``wishes_token``."""

    def token(self) -> str:
        """Read the token. Raises SettingsError."""
        return read_token(self.token_file)


class Settings(Strict):
    """All of them. Paths may be relative to the folder of the file."""

    store: Store
    """Where the repositories are, such as ``rest:http://backup-store:8000/`` or
    ``s3:https://s3.example.org/bucket/``. With rest-server its root: it takes two folders and no
    third."""
    credentials: Path | None = None
    """File with the store's login for snapshots, see LOGIN_VARIABLES."""
    tidy_store: Store | None = None
    """Where the same repositories may be tidied, if not at ``store``."""
    tidy_credentials: Path | None = None
    """File with the login that may delete. Without it nothing is tidied."""
    image: Annotated[str, Field(min_length=1)]
    """Image of the pods that take snapshots."""
    schedule: Schedule = Schedule()
    retention: RetentionSettings = RetentionSettings()
    excludes: ExcludeSettings = ExcludeSettings()
    priority_class: str = ""
    tolerations: tuple[dict[str, Any], ...] = (_ON_GPU_NODES,)
    """Taints of nodes with volumes, which snapshot pods must get onto; as in a pod."""
    longest_minutes: Annotated[int, Field(ge=1, le=10_080, strict=True)] = 120
    """After which a pod is ended."""
    recovery: RecoverySettings | None = None
    """Without it, who loses the Secret with the passwords loses all snapshots."""
    copies: CopySettings | None = Field(default=None, alias="copy")
    """Without it, nothing is copied."""
    namespace: str = "gpucommons"
    """Where the Secret with the passwords of all repositories is."""
    wishes: WishSettings | None = None
    """Without it nobody can wish for a snapshot."""
    records_folder: Path | None = None
    """Folder that gets a copy of that Secret, as a pod that mounts it has: for a service of earlier
    files that is no pod."""

    @model_validator(mode="after")
    def _tidies_with_a_login(self) -> "Settings":
        if self.tidy_store and not self.tidy_credentials:
            raise ValueError("tidy_store needs tidy_credentials")
        if self.copies and self.copies.store == self.store:
            raise ValueError("copy.store must be another store than store")
        return self

    def login(self, *, tidies: bool = False) -> dict[str, str]:
        """Read the store's login from its file. Raises SettingsError."""
        file = self.tidy_credentials if tidies else self.credentials
        return read_login(file) if file else {}

    def address(self, repository: str, *, tidies: bool = False) -> str:
        """Return how restic finds a repository."""
        return f"{(tidies and self.tidy_store) or self.store}{repository}/"


class LiveSettings:
    """One file and the last good settings that were read from it."""

    def __init__(self, file: Path, log: logging.Logger) -> None:
        """Read it. Raises SettingsError."""
        self.file = file
        self._log = log
        self._text = _text(file)
        self.current = read_settings(file)
        self.problem = ""
        """Why the file as it is now is not in force; empty if it is."""

    def look(self) -> None:
        """Read the file again if it has changed; a broken one changes nothing."""
        try:
            if (text := _text(self.file)) == self._text and not self.problem:
                return
            found = read_settings(self.file)
        except SettingsError as error:
            if f"{error}" != self.problem:
                self.problem = f"{error}"
                self._log.error("settings not loaded, the last good ones stay: %s", error)
            return
        self._text, self.current, self.problem = text, found, ""
        self._log.info("settings loaded from %s", self.file)


def read_settings(file: Path) -> Settings:
    """Read and check a file, with the logins that it names. Raises SettingsError."""
    found = read_stores(file)
    for each in (found, found.copies):
        if each:
            each.login()
            each.login(tidies=True)
    return found


def read_stores(file: Path) -> Settings:
    """Read a file for who needs the stores alone: files with other logins may be elsewhere.

    Raises SettingsError.
    """
    found = read_model(file, Settings, _PATHS)
    if wishes := found.wishes:
        token_file = file.resolve().parent / wishes.token_file
        found = found.model_copy(
            update={"wishes": wishes.model_copy(update={"token_file": token_file})}
        )
    if found.copies:
        copies = found.copies.beside(file.resolve().parent)
        found = found.model_copy(update={"copies": copies})
    return found


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
