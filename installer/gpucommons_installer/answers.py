"""What is known of an installation once every question has an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Value = str | int | tuple[str, ...]
Answered = Mapping[str, Value]
"""Answers so far, by the keys of their questions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All answers, checked. What was not asked, because it does not apply, is empty or 0."""

    environment: Literal["dev", "staging", "prod"]
    hub: str
    """Host name."""
    dex: str
    """Host name, and a path that may follow."""
    ingress_class: str
    certificates: Literal["letsencrypt", "authority", "issuer"]
    issuer: str = ""
    """Name of a ClusterIssuer that is there."""
    issuer_is: Literal["public", "private", ""] = ""
    lab_name: str
    """What pages call the installation."""
    accent: str
    """Colour of the main buttons, as ``#rrggbb``."""

    identity_provider: Literal["none", "ldap", "github", "google", "oidc", "saml"]
    provider_name: str = ""
    ldap_host: str = ""
    ldap_bind_dn: str = ""
    ldap_people: str = ""
    ldap_groups: str = ""
    github_organization: str = ""
    google_domain: str = ""
    google_admin: str = ""
    oidc_issuer: str = ""
    saml_url: str = ""
    group_prefix: str = ""
    admins: str = ""
    """Group of the provider whose members administer the hub."""
    team: str
    team_name: str
    first_person: str

    registry: str
    environments: tuple[str, ...]
    storage_class: str
    storage_access: Literal["ReadWriteOnce", "ReadWriteMany"]
    workspace: str = ""
    """Storage of one workspace; the environment's own without it."""
    database: Literal["made", "given"]
    database_address: str = ""
    database_storage_class: str = ""
    database_storage: str = ""
    backups: Literal["none", "rest-server", "s3"] = "none"
    backup_storage_class: str = ""
    backup_storage: str = ""
    s3_endpoint: str = ""
    s3_bucket: str = ""
    s3_region: str = ""
    recovery_key: str = ""
    """Public half, to which the passwords of all snapshots are sealed."""
    accounting: Literal["on", "off"] = "off"
    time_zone: str = ""
    """An IANA name; empty without accounting."""

    whole_gpus: int
    shared_gpus: int
    shares: int = 0
    """Of each shared GPU."""
    mig_slices: int
    mig_profile: str = ""
    gpu_model: str = ""
    runtime_class: str = ""
    queue: Literal["kueue", "none"] = "kueue"
    """Where sessions wait that find no free GPU."""

    api_port: int = 6443
    """Where the API server listens."""
    present: tuple[str, ...] = ()
    """What the cluster has already."""
    parts: tuple[str, ...] = ()
    secrets: Literal["commands", "external-secrets", "sealed-secrets"]
    secret_store: str = ""
    clone: str
    """Path of the repository's clone, from the folder that is written."""

    @property
    def dex_host(self) -> str:
        """Dex' host name without its path."""
        return self.dex.partition("/")[0]

    @property
    def dex_path(self) -> str:
        """Dex' path, ``/`` if it has a host name to itself."""
        return "/" + self.dex.partition("/")[2]

    @property
    def has_backups(self) -> bool:
        """Whether snapshots of people's files are taken."""
        return self.backups != "none"

    @property
    def has_accounting(self) -> bool:
        """Whether it is recorded who used which GPUs."""
        return self.accounting == "on"

    @property
    def backup_store(self) -> str:
        """Where snapshots go, as restic writes it."""
        if self.backups == "s3":
            return f"s3:{self.s3_endpoint}/{self.s3_bucket}/"
        return "rest:http://backup-store.gpucommons.svc:8000/"

    @property
    def hub_url(self) -> str:
        """Where people open the hub."""
        return f"https://{self.hub}"

    @property
    def dex_url(self) -> str:
        """Dex' address, which is its issuer."""
        return f"https://{self.dex}"
