"""What the cluster is judged by: the catalogue, and what the hub is set to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gpucommons_people.errors import InputError
from gpucommons_spawner.availability.size_pod import SETTINGS
from gpucommons_spawner.catalogue import Catalogue, Size
from gpucommons_spawner.catalogue.environment import utc_today
from gpucommons_spawner.catalogue.file import CatalogueError, checked_catalogue

from gpucommons_doctor.hub_values import HubValues, read_hub_values
from gpucommons_doctor.z2jh import DEDICATED
from gpucommons_doctor.z2jh_hub import Traits

_SPAWNERS = ("Spawner", "KubeSpawner", "GPUSpawner")
"""Classes whose settings are the spawner's; the later one counts."""
_AUTHENTICATORS = ("Authenticator", "OAuthenticator", "DexOAuthenticator")


@dataclass(frozen=True, slots=True)
class Installation:
    """The settings that say what the cluster must have.

    queue is the LocalQueue in which sessions wait, empty without Kueue. storage_class is that of
    workspaces, empty for the cluster's default. issuer is Dex's address, empty if it is not to be
    looked at; ca a file of certificates to trust in addition. placement are the settings that the
    hub adds to every session's pod, by KubeSpawner's names. values are what all this was read
    from, None if no file was given, and catalogue_file is the catalogue's own file.
    """

    catalogue: Catalogue
    catalogue_file: Path
    queue: str = ""
    storage_class: str = ""
    issuer: str = ""
    ca: Path | None = None
    placement: Mapping[str, Any] = field(default_factory=lambda: {"tolerations": [*DEDICATED]})
    values: HubValues | None = None
    backup: Path | None = None
    """File of settings of the snapshots; None if none was given."""
    accounts: Path | None = None
    """File of the account commands, whose token accounting takes; None if none was given."""

    @property
    def sizes(self) -> Mapping[str, Size]:
        """The sizes that can be chosen. What is disabled need not fit."""
        return {name: each for name, each in self.catalogue.sizes.items() if not each.disabled}


def read_installation(
    catalogue: Path,
    values: Sequence[Path] = (),
    *,
    queue: str | None = None,
    storage_class: str | None = None,
    issuer: str | None = None,
    ca: Path | None = None,
    backup: Path | None = None,
    accounts: Path | None = None,
) -> Installation:
    """Read the catalogue and the hub's values. What is given besides counts before the values.

    values: files as `read_hub_values` takes them. Raises InputError that says file and key.
    """
    try:
        checked = checked_catalogue(catalogue, utc_today()).catalogue
    except CatalogueError as error:
        raise InputError(f"The catalogue cannot be used:\n{error}") from error
    read = read_hub_values(values)
    traits = read.traits
    spawner = _merged(traits, _SPAWNERS)
    placement = {name: spawner[name] for name in SETTINGS if name in spawner}
    placement.setdefault("tolerations", [*DEDICATED])
    return Installation(
        checked,
        catalogue,
        queue=str(spawner.get("queue") or "") if queue is None else queue,
        storage_class=str(spawner.get("storage_class") or "")
        if storage_class is None
        else storage_class,
        issuer=str(_merged(traits, _AUTHENTICATORS).get("issuer") or "")
        if issuer is None
        else issuer,
        ca=ca,
        placement=placement,
        values=read if values else None,
        backup=backup,
        accounts=accounts,
    )


def _merged(traits: Traits, classes: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for each in classes for name, value in traits.get(each, {}).items()}
