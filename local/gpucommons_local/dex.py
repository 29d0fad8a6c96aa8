"""Dex, the one door: an OIDC issuer with the demo accounts."""

import hashlib
from dataclasses import dataclass

import bcrypt
import yaml

from gpucommons_local.instance import Instance
from gpucommons_local.programs import program
from gpucommons_local.secrets import Secrets
from gpucommons_local.supervision import Program

CLIENT_ID = "gpucommons-hub"


@dataclass(frozen=True, slots=True)
class Account:
    """One demo account; its e-mail address is its user name."""

    username: str
    groups: tuple[str, ...]
    admin: bool = False


ALLOWED_GROUPS = ("students", "researchers", "admins")
ADMIN_GROUPS = ("admins",)
ACCOUNTS = (
    Account("student@example.org", ("students",)),
    Account("researcher@example.org", ("researchers",)),
    Account("admin@example.org", ("admins", "researchers"), admin=True),
    Account("visitor@example.org", ("visitors",)),
)
"""One for each thing to try: a small quota, a large one, administration, and being refused."""


def dex(instance: Instance, secrets: Secrets) -> Program:
    """Return Dex, which keeps its state as objects of the cluster."""
    file = instance.state / "dex.yaml"
    discovery = f"{instance.issuer}/.well-known/openid-configuration"
    return Program(
        "dex",
        [str(program("dex")), "serve", str(file)],
        ("curl", "-fsS", "-m", "5", "-o", "/dev/null", discovery),
        files={file: yaml.safe_dump(_configuration(instance, secrets))},
    )


def _configuration(instance: Instance, secrets: Secrets) -> dict[str, object]:
    return {
        "issuer": instance.issuer,
        "storage": {
            "type": "kubernetes",
            "config": {"kubeConfigFile": str(instance.kubeconfig)},
        },
        "web": {"http": f"127.0.0.1:{instance.dex_port}"},
        "frontend": {"issuer": "GPU Commons"},
        "logger": {"level": "info"},
        "oauth2": {"skipApprovalScreen": True},
        "expiry": {"idTokens": "10m"},
        "enablePasswordDB": True,
        "staticClients": [
            {
                "id": CLIENT_ID,
                "name": "GPU Commons",
                "secret": secrets.dex_client,
                "redirectURIs": [f"{instance.url}/hub/oauth_callback"],
            }
        ],
        "staticPasswords": [_password(each, secrets) for each in ACCOUNTS],
    }


def _password(account: Account, secrets: Secrets) -> dict[str, object]:
    password = secrets.passwords[account.username].encode()
    # A salt of the password's own keeps the file, and so Dex, unchanged between starts.
    salt = b"$2b$10$" + hashlib.sha256(b"salt" + password).hexdigest()[:21].encode() + b"u"
    return {
        "email": account.username,
        "emailVerified": True,
        "username": account.username.partition("@")[0],
        "userID": account.username,
        "hash": bcrypt.hashpw(password, salt).decode(),
        "groups": list(account.groups),
    }
