"""Settings of what outlives the cluster: a second store, and the key for when all else is gone."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gpucommons_backup.recovery import check_recipient
from gpucommons_backup.settings_file import read_login

Store = Annotated[str, Field(pattern=r"^(rest:https?://|s3:)[^@\s]+/$")]


class Strict(BaseModel):
    """What has no other keys than these, and is never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def is_s3(store: str) -> bool:
    """Whether a store is one of S3."""
    return store.startswith("s3:")


class RecoverySettings(Strict):
    """To whom the passwords of all repositories are sealed."""

    recipient: str
    """Public half of the recovery key."""

    @field_validator("recipient")
    @classmethod
    def _is_of_age(cls, value: str) -> str:
        return check_recipient(value)


class CopySettings(Strict):
    """A second store, elsewhere, that gets a copy of all repositories."""

    store: Store
    credentials: Path | None = None
    """File with its login, another one than that of the first store. Where both are S3, it must be
    able to read the first one, too: restic has one login of S3 at a time."""
    tidy_store: Store | None = None
    tidy_credentials: Path | None = None
    """File with its login that may delete. Without it nothing is forgotten there."""
    every_hours: Annotated[int, Field(ge=1, le=8760, strict=True)] = 24
    """How old a workspace's last copy may be once there are newer snapshots."""
    at_once: Annotated[int, Field(ge=1, le=200, strict=True)] = 2
    """How many pods copy at a time, beside those of ``schedule.at_once``."""
    longest_minutes: Annotated[int, Field(ge=1, le=10_080, strict=True)] = 720
    """After which such a pod is ended: the way to another place may be slow."""

    def login(self, *, tidies: bool = False) -> dict[str, str]:
        """Read the login from its file. Raises SettingsError."""
        file = self.tidy_credentials if tidies else self.credentials
        return read_login(file) if file else {}

    def address(self, repository: str, *, tidies: bool = False) -> str:
        """Return how restic finds a repository."""
        return f"{(tidies and self.tidy_store) or self.store}{repository}/"

    def beside(self, folder: Path) -> "CopySettings":
        """Return the same with paths that are relative to a folder."""
        paths = {"credentials": self.credentials, "tidy_credentials": self.tidy_credentials}
        return self.model_copy(update={name: folder / path for name, path in paths.items() if path})

    @model_validator(mode="after")
    def _tidies_with_a_login(self) -> "CopySettings":
        if self.tidy_store and not self.tidy_credentials:
            raise ValueError("tidy_store needs tidy_credentials")
        return self
