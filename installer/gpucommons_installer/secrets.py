"""Which Secrets an installation needs, and of which values. No value is ever known here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gpucommons_contract import IDLE_SERVICE, PEOPLE_SERVICE

from gpucommons_installer.answers import Answers

HUB, DEX = "gpucommons", "dex"
"""Namespaces."""
CONNECTOR = "gpucommons-dex-connector"
"""What Dex needs towards the identity provider."""
_OPAQUE = "Opaque"
_ACCOUNT = "kubernetes.io/basic-auth"


@dataclass(frozen=True, slots=True)
class SecretValue:
    """One secret. name stands for it in `Secret.data`, as ``${name}``.

    about is for people; made says that a random one will do, is_file that it is a file's content.
    kept is a place where the random one is found again: namespace, Secret, key.
    """

    name: str
    about: str
    made: bool = False
    is_file: bool = False
    kept: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """One Secret: its data by key, with ``${name}`` where a value goes."""

    namespace: str
    name: str
    type: str = _OPAQUE
    data: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> tuple[str, ...]:
        """Names of the values that are in it."""
        return tuple(
            text[text.index("${") + 2 : text.index("}")]
            for text in self.data.values()
            if "${" in text
        )


def database_host(answers: Answers) -> str:
    """Return where PostgreSQL answers, with its port."""
    address = answers.database_address or "gpucommons-database-rw"
    return address if ":" in address else f"{address}:5432"


def needed_values(answers: Answers) -> tuple[SecretValue, ...]:
    """List the values that have to come from somewhere."""
    hub = "gpucommons-hub"
    made = answers.database == "made"
    passwords = [
        SecretValue(
            f"{name}_database_password",
            f"password of the role {name} in PostgreSQL; letters and digits",
            made=made,
            kept=(HUB, f"gpucommons-database-{name}", "password") if made else None,
        )
        for name in ("hub", "idle")
    ]
    return (
        SecretValue(
            "crypt_keeper_keys",
            "encrypts what the hub stores of people's sign-ins",
            made=True,
            kept=(HUB, hub, "hub.config.CryptKeeper.keys"),
        ),
        SecretValue(
            "cookie_secret",
            "signs the hub's cookies; 64 hexadecimal digits",
            made=True,
            kept=(HUB, hub, "hub.config.JupyterHub.cookie_secret"),
        ),
        SecretValue(
            "people_token",
            "token of the account commands",
            made=True,
            kept=(HUB, hub, f"hub.services.{PEOPLE_SERVICE}.apiToken"),
        ),
        SecretValue(
            "idle_token",
            "token of the idle culler",
            made=True,
            kept=(HUB, hub, f"hub.services.{IDLE_SERVICE}.apiToken"),
        ),
        SecretValue(
            "dex_client_secret",
            "what the hub and Dex know each other by",
            made=True,
            kept=(HUB, "gpucommons-dex-client", "client-secret"),
        ),
        *passwords,
        *_of_provider(answers),
    )


def needed_secrets(answers: Answers) -> tuple[Secret, ...]:
    """List the Secrets that must be there before hub, Dex and idle culler start."""
    client = {"client-secret": "${dex_client_secret}"}
    url = "postgresql+psycopg2://idle:${idle_database_password}"
    found = [
        Secret(
            HUB,
            "gpucommons-hub",
            data={
                "hub.config.CryptKeeper.keys": "${crypt_keeper_keys}",
                "hub.config.JupyterHub.cookie_secret": "${cookie_secret}",
                f"hub.services.{PEOPLE_SERVICE}.apiToken": "${people_token}",
                f"hub.services.{IDLE_SERVICE}.apiToken": "${idle_token}",
            },
        ),
        Secret(HUB, "gpucommons-dex-client", data=client),
        Secret(DEX, "gpucommons-dex-client", data=client),
        *(
            Secret(
                HUB,
                f"gpucommons-database-{name}",
                _ACCOUNT,
                {"username": name, "password": f"${{{name}_database_password}}"},
            )
            for name in ("hub", "idle")
        ),
        Secret(
            HUB,
            "idle-culler",
            data={
                "api-token": "${idle_token}",
                "db-url": f"{url}@{database_host(answers)}/idle?sslmode=require",
            },
        ),
    ]
    if of_provider := _of_provider(answers):
        data = {_key(each): f"${{{each.name}}}" for each in of_provider}
        found.append(Secret(DEX, CONNECTOR, data=data))
    return tuple(found)


def variables_of_dex(answers: Answers) -> Sequence[Mapping[str, object]]:
    """Return the environment of Dex that comes from Secrets, in addition to that of its base."""
    return [
        {
            "name": each.name.upper(),
            "valueFrom": {"secretKeyRef": {"name": CONNECTOR, "key": _key(each)}},
        }
        for each in _of_provider(answers)
        if not each.is_file
    ]


def files_of_dex(answers: Answers) -> Sequence[str]:
    """Return the names of files that Dex has from the connector's Secret."""
    return [_key(each) for each in _of_provider(answers) if each.is_file]


def _key(value: SecretValue) -> str:
    return value.name.replace("_", "-")


def _of_provider(answers: Answers) -> tuple[SecretValue, ...]:
    match answers.identity_provider:
        case "ldap":
            return (SecretValue("ldap_password", "password with which Dex reads the directory"),)
        case "github" | "google" | "oidc" as kind:
            client = (
                SecretValue(f"{kind}_client_id", "client that you registered with the provider"),
                SecretValue(f"{kind}_client_secret", "its secret"),
            )
            if kind != "google":
                return client
            account = SecretValue(
                "google_account", "service account that reads groups, as JSON", is_file=True
            )
            return (*client, account)
        case "saml":
            about = "certificate that the provider signs with, as PEM"
            return (SecretValue("saml_certificate", about, is_file=True),)
    return ()
