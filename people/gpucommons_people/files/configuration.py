"""The configuration of the account commands for one installation, read from a YAML file."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from gpucommons_contract.formats.yaml_files import YAMLFileError, read_document
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gpucommons_people.errors import InputError
from gpucommons_people.files.yaml_files import flaws

VARIABLE = "GPUCOMMONS_PEOPLE"
USUAL_PLACE = Path("/etc/gpucommons/people.yaml")

LONGEST_RETENTION_DAYS = 36_500
Days = Annotated[int, Field(ge=0, le=LONGEST_RETENTION_DAYS, strict=True)]


class HubConfiguration(BaseModel):
    """Where the hub's API is, and the file that holds the token of its service for us."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_url: Annotated[str, Field(pattern=r"^https?://")]
    """Such as ``https://hub.example.org/hub/api``."""
    token_file: Path
    ca_file: Path | None = None
    """Certificates to trust instead of the usual ones, where an authority of your own signed."""

    def trusted(self) -> ssl.SSLContext | None:
        """Return what ca_file has, None without one; InputError if it cannot be used."""
        if self.ca_file is None:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            holds_none = isinstance(error, ssl.SSLError)
            why = "it holds no certificate" if holds_none else error.strerror
            raise InputError(f"hub.ca_file, {self.ca_file}, cannot be used: {why}.") from error

    def token(self) -> str:
        """Read the token; InputError if that is not possible."""
        try:
            token = self.token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"The hub's token cannot be read: {error}.") from error
        if not token:
            raise InputError(f"The file of the hub's token, {self.token_file}, is empty.")
        return token


class Configuration(BaseModel):
    """All settings. Paths may be relative to the file's folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Annotated[str, Field(pattern=r"^https?://")]
    """Where people open GPU Commons."""
    hub: HubConfiguration | None = None
    """Needed to remove people; without it nobody's sessions are looked at."""
    access_note: str = ""
    """What else a new person needs to know, such as how to get on the VPN; Markdown."""
    private_access: bool = False
    """Let each new person's device in through WireGuard; needs cluster/private-access."""
    kubeconfig: Path | None = None
    """Without it the pod's service account, or else kubectl's usual file."""
    dex_namespace: str = "dex"
    admin_group: str = "admins"
    """Group in Dex whose members administer the hub; no team can be called so."""
    team_additions: Path | None = None
    """YAML file of NetworkPolicies that every team gets in addition to those of its base."""
    team_folder_class: str | None = None
    """Storage class of new team folders; without it the cluster's default."""
    retention_days: Days = 90
    """How long the workspaces of somebody who left are kept."""
    longest_grant_days: Annotated[int, Field(ge=1, le=LONGEST_RETENTION_DAYS, strict=True)] = 90
    """How many days a quota grant may last at most."""
    audit_log: Path = Path("/var/log/gpucommons/people.jsonl")
    handouts: Path = Path("/var/lib/gpucommons/handouts")
    handout_template: Path | None = None


def find_configuration(
    given: Path | None,
    fallback: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Path:
    """Return the file to read: the one given, the variable's, the usual one, or the fallback.

    Raises InputError if there is none.
    """
    if given:
        return given
    if named := environment.get(VARIABLE):
        return Path(named)
    if USUAL_PLACE.exists():
        return USUAL_PLACE
    if fallback:
        return fallback
    raise InputError(
        f"There is no configuration. Write {USUAL_PLACE}, or name a file with --config or the "
        f"variable {VARIABLE}."
    )


def read_configuration(file: Path) -> Configuration:
    """Read and check a file; raises InputError with every mistake and its key."""
    try:
        document = read_document(file)
    except OSError as error:
        raise InputError(f"The configuration {file} cannot be read: {error.strerror}.") from error
    except YAMLFileError as error:
        what = f"The configuration {file} is not valid YAML."
        raise InputError(what, flaws(error)) from error
    if not isinstance(document.value, dict):
        allowed = ", ".join(Configuration.model_fields)
        raise InputError(f"The configuration {file} must hold keys and values: {allowed}.")
    try:
        checked = Configuration.model_validate(document.value)
    except ValidationError as error:
        problems = tuple(
            f"{document.at(each['loc'])}: {'.'.join(map(str, each['loc']))}: {each['msg']}."
            for each in error.errors()
        )
        raise InputError(f"The configuration {file} has mistakes.", problems) from error
    return _resolved(checked, file.resolve().parent)


def _resolved(configuration: Configuration, folder: Path) -> Configuration:
    """Take relative paths as relative to the folder of the file that names them."""
    paths = ("kubeconfig", "team_additions", "audit_log", "handouts", "handout_template")
    values = {name: getattr(configuration, name) for name in paths}
    return configuration.model_copy(
        update={
            "hub": configuration.hub and _resolved_hub(configuration.hub, folder),
            **{name: folder / value for name, value in values.items() if value is not None},
        }
    )


def _resolved_hub(hub: HubConfiguration, folder: Path) -> HubConfiguration:
    paths = {"token_file": hub.token_file, "ca_file": hub.ca_file}
    found = {name: folder / value for name, value in paths.items() if value is not None}
    return hub.model_copy(update=found)
