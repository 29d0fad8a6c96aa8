"""Which Secrets an installation needs, and of which values. No value is ever known here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gpucommons_contract import ACCOUNTING_SERVICE, FILES_SERVICE, IDLE_SERVICE, PEOPLE_SERVICE

from gpucommons_installer.answers import Answers

HUB, DEX = "gpucommons", "dex"
"""Namespaces."""
POSTGRESQL_PORT = 5432
"""Where the policies of cluster/ expect a database."""
CONNECTOR = "gpucommons-dex-connector"
"""What Dex needs towards the identity provider."""
DIGEST = "_sha1"
"""End of the name of what is not a value of its own, but the SHA-1 of one, in base64.

Of 64 random digits nobody finds the value by it, and openssl makes it, which is there anyway."""
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
        names = re.findall(r"\$\{(\w+)\}", " ".join(self.data.values()))
        return tuple(dict.fromkeys(each.removesuffix(DIGEST) for each in names))


def database_host(answers: Answers) -> str:
    """Return where PostgreSQL answers, with its port."""
    address = answers.database_address or "gpucommons-database-rw"
    return address if ":" in address else f"{address}:{POSTGRESQL_PORT}"


def database_port(answers: Answers) -> int:
    """Return the port of PostgreSQL."""
    return int(database_host(answers).rpartition(":")[2])


def databases(answers: Answers) -> tuple[str, ...]:
    """Return the databases that there are; each belongs to a role of its name."""
    return ("hub", "idle", "accounting") if answers.has_accounting else ("hub", "idle")


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
        for name in databases(answers)
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
        *_of_accounting(answers),
        *_of_backups(answers),
        *_of_provider(answers),
    )


def hashed_values(answers: Answers) -> tuple[str, ...]:
    """Return the names of values of which the SHA-1 is needed."""
    return tuple(_STORE_LOGINS) if answers.backups == "rest-server" else ()


def needed_secrets(answers: Answers) -> tuple[Secret, ...]:
    """List the Secrets that must be there before hub, Dex and idle culler start."""
    client = {"client-secret": "${dex_client_secret}"}
    found = [
        Secret(
            HUB,
            "gpucommons-hub",
            data={
                "hub.config.CryptKeeper.keys": "${crypt_keeper_keys}",
                "hub.config.JupyterHub.cookie_secret": "${cookie_secret}",
                f"hub.services.{PEOPLE_SERVICE}.apiToken": "${people_token}",
                f"hub.services.{IDLE_SERVICE}.apiToken": "${idle_token}",
                **_token_of_accounting(answers),
                **_token_of_files(answers),
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
            for name in databases(answers)
        ),
        _of_service(answers, "idle-culler", "idle"),
    ]
    if answers.has_accounting:
        found.append(_of_service(answers, "accounting", "accounting"))
    found += _backup_secrets(answers)
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


def _of_service(answers: Answers, secret: str, name: str) -> Secret:
    """Return what a service of the hub's needs that has a database."""
    address = f"{name}:${{{name}_database_password}}@{database_host(answers)}/{name}"
    data = {
        "api-token": f"${{{name}_token}}",
        "db-url": f"postgresql+psycopg2://{address}?sslmode=require",
    }
    return Secret(HUB, secret, data=data)


_TOKEN_OF_ACCOUNTING = f"hub.services.{ACCOUNTING_SERVICE}.apiToken"


def _of_accounting(answers: Answers) -> tuple[SecretValue, ...]:
    if not answers.has_accounting:
        return ()
    kept = HUB, "gpucommons-hub", _TOKEN_OF_ACCOUNTING
    return (SecretValue("accounting_token", "token of accounting", made=True, kept=kept),)


def _token_of_accounting(answers: Answers) -> Mapping[str, str]:
    return {_TOKEN_OF_ACCOUNTING: "${accounting_token}"} if answers.has_accounting else {}


_STORE_LOGINS = {"backup_add_password": "snapshots", "backup_tidy_password": "tidy"}
"""Password of rest-server: the user that has it."""
_STORE_LOGIN, _WISHES = "backup-store-login", "backup-wishes"


def _of_backups(answers: Answers) -> tuple[SecretValue, ...]:
    if not answers.has_backups:
        return ()
    token = SecretValue(
        "files_token",
        "token of the service of earlier files",
        made=True,
        kept=(HUB, "gpucommons-hub", f"hub.services.{FILES_SERVICE}.apiToken"),
    )
    wishes = SecretValue(
        "wishes_token",
        "what the controller of snapshots asks that service with for people's wishes",
        made=True,
        kept=(HUB, _WISHES, "token"),
    )
    if answers.backups == "s3":
        may = {"add": "may read and write in the bucket", "tidy": "may delete there, too"}
        keys = [
            value
            for name, what in may.items()
            for value in (
                SecretValue(f"s3_{name}_key_id", f"ID of an access key to S3 that {what}"),
                SecretValue(f"s3_{name}_key", "its secret"),
            )
        ]
        return (token, wishes, *keys)
    about = {"add": "adds snapshots to the store", "tidy": "deletes old ones there"}
    passwords = [
        SecretValue(
            f"backup_{name}_password",
            f"password of the login that {what}",
            made=True,
            kept=(HUB, _STORE_LOGIN, f"{name}-password"),
        )
        for name, what in about.items()
    ]
    return (token, wishes, *passwords)


def _token_of_files(answers: Answers) -> Mapping[str, str]:
    if not answers.has_backups:
        return {}
    return {f"hub.services.{FILES_SERVICE}.apiToken": "${files_token}"}


def _backup_secrets(answers: Answers) -> list[Secret]:
    if not answers.has_backups:
        return []
    logins = {"credentials.yaml": _login(answers, "add"), "tidy.yaml": _login(answers, "tidy")}
    files = {"api-token": "${files_token}", "credentials.yaml": logins["credentials.yaml"]}
    of_files = [
        Secret(HUB, "earlier-files", data=files),
        Secret(HUB, _WISHES, data={"token": "${wishes_token}"}),
    ]
    if answers.backups == "s3":
        return [Secret(HUB, _STORE_LOGIN, data=logins), *of_files]
    plain = {f"{name}-password": f"${{backup_{name}_password}}" for name in ("add", "tidy")}
    add, tidy = (f"{user}:{{SHA}}${{{value}{DIGEST}}}" for value, user in _STORE_LOGINS.items())
    return [
        Secret(HUB, _STORE_LOGIN, data=logins | plain),
        Secret(HUB, "backup-store", data={"htpasswd": add, "tidy-htpasswd": tidy}),
        *of_files,
    ]


def _login(answers: Answers, name: str) -> str:
    """Return a login to the store as YAML, the values of which have no quotation marks."""
    if answers.backups == "s3":
        region = f", AWS_DEFAULT_REGION: '{answers.s3_region}'" if answers.s3_region else ""
        return (
            f"{{AWS_ACCESS_KEY_ID: '${{s3_{name}_key_id}}', "
            f"AWS_SECRET_ACCESS_KEY: '${{s3_{name}_key}}'{region}}}"
        )
    value = f"backup_{name}_password"
    return (
        f"{{RESTIC_REST_USERNAME: '{_STORE_LOGINS[value]}', RESTIC_REST_PASSWORD: '${{{value}}}'}}"
    )


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
