"""What an installation sets of the service: a YAML file, read once at its start."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gpucommons_backup.settings_file import SettingsError, read_login, read_model, read_token


class ServiceSettings(BaseModel):
    """Settings of the service. Paths may be relative to the folder of their file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: Annotated[str, Field(pattern=r"^(rest:https?://|s3:|/)[^@\s]*/$")]
    """Where the repositories are, as in the controller's settings; or a folder."""
    credentials: Path | None = None
    """File with the store's login. One that may only read is enough."""
    records: Path
    """Folder with one file for each repository: whose it is, and its password."""
    cache: Path | None = None
    """Folder in which restic keeps what it has read; without it, below the home folder."""
    wishes_token: Path | None = None
    """File with the token by which the controller asks for wishes; without it there are none."""
    team_folder: Annotated[str, Field(pattern=r"^([^/]+(/[^/]+)*)?$")] = "team"
    """Where sessions have the folder of their team (``GPUSpawner.team_folder_path``), relative to
    the home folder; empty where that is elsewhere."""
    port: Annotated[int, Field(ge=0, le=65535, strict=True)] = 10106
    address: str = ""
    """On which it listens; empty is on all."""

    def login(self) -> dict[str, str]:
        """Read the store's login. Raises SettingsError, which has no value of it."""
        return read_login(self.credentials) if self.credentials else {}

    def token(self) -> str:
        """Read the token of the controller; empty without one. Raises SettingsError."""
        return read_token(self.wishes_token) if self.wishes_token else ""


def read_settings(file: Path) -> ServiceSettings:
    """Read and check the file. Raises SettingsError."""
    settings = read_model(
        file, ServiceSettings, ("credentials", "records", "cache", "wishes_token")
    )
    settings.login()
    settings.token()
    if not settings.records.is_dir():
        raise SettingsError(f"{file}: records: {settings.records} is no folder.")
    return settings
