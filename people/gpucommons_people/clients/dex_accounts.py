"""Accounts and sessions as Dex keeps them: objects of its own kinds in its namespace.

Source: storage/kubernetes/client.go and types.go of github.com/dexidp/dex. Dex reads the
objects at every login and every renewal, so that a change holds at once.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field

from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.clients.kinds import (
    OFFLINE_SESSIONS,
    PASSWORDS,
    REFRESH_TOKENS,
    Kind,
    Manifest,
)

LOCAL_CONNECTOR = "local"
"""What Dex calls its own accounts where it names the connector that somebody came through."""
_EMPTY_FNV_64 = (0xCBF29CE484222325).to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class Account:
    """One account in Dex. name is shown to people; groups are teams and rights."""

    email: str
    name: str
    user_id: str
    groups: tuple[str, ...]
    hash: bytes = field(repr=False)
    """bcrypt of the password."""
    version: str | None = None
    """resourceVersion of the object this was read from; a change of another is refused."""


def object_name(email: str) -> str:
    """Return the name that Dex gives to the object of an account.

    Dex encodes the address followed by the FNV-64 hash of nothing: ``Sum(b)`` in Go appends
    to b the hash of what was written before, and nothing was.
    """
    encoded = base64.b32encode(email.encode() + _EMPTY_FNV_64)
    return encoded.decode().lower().rstrip("=")


def manifest(account: Account, namespace: str) -> Manifest:
    """Return the object of an account."""
    metadata = {"name": object_name(account.email), "namespace": namespace}
    if account.version:
        metadata["resourceVersion"] = account.version
    return {
        "apiVersion": PASSWORDS.api,
        "kind": "Password",
        "metadata": metadata,
        "email": account.email,
        "emailVerified": True,  # by the administrator who made the account
        "username": account.name,
        "userID": account.user_id,
        "hash": base64.b64encode(account.hash).decode(),
        "groups": list(account.groups),
    }


def account_from(found: Manifest) -> Account:
    """Read an account back from its object."""
    return Account(
        email=found.get("email", "").lower(),
        name=found.get("name") or found.get("username", ""),
        user_id=found.get("userID", ""),
        groups=tuple(found.get("groups") or ()),
        hash=base64.b64decode(found.get("hash") or ""),
        version=found["metadata"].get("resourceVersion"),
    )


@dataclass(frozen=True, slots=True)
class Login:
    """An object by which Dex lets somebody stay signed in without a password."""

    kind: Kind
    name: str
    connector: str


class DexAccounts:
    """The accounts of one Dex, whose objects are in namespace."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace

    async def all(self) -> list[Account]:
        """Return every account, in order of the addresses."""
        found = await self._cluster.list(PASSWORDS, self._namespace)
        return sorted((account_from(each) for each in found), key=lambda each: each.email)

    async def get(self, email: str) -> Account | None:
        """Return the account of a user name."""
        found = await self._cluster.get(PASSWORDS, object_name(email), self._namespace)
        return account_from(found) if found else None

    async def create(self, account: Account) -> None:
        """Make an account; ClusterError with status CONFLICT if there is one already."""
        await self._cluster.create(manifest(account, self._namespace))

    async def change(self, account: Account) -> None:
        """Write groups, name and hash; refused (CONFLICT) if somebody else did meanwhile."""
        await self._cluster.apply(manifest(account, self._namespace))

    async def delete(self, email: str) -> bool:
        """Delete an account; False if there was none. Logins stay: see `logins`."""
        return await self._cluster.delete(PASSWORDS, object_name(email), self._namespace)

    async def logins(self, user: str, user_id: str | None) -> list[Login]:
        """Find what keeps somebody signed in, through whatever connector.

        user is their address or, where the hub takes another claim for the user name, what a
        connector tells as the preferred name. user_id is that of their account in Dex, if there
        is one. An offline session names no address; it is found by the pair of user and
        connector that the refresh tokens name. The offline sessions come first, and are to be
        deleted first: without a refresh token they could not be found again.
        """
        tokens = await self._cluster.list(REFRESH_TOKENS, self._namespace)
        sessions = await self._cluster.list(OFFLINE_SESSIONS, self._namespace)
        mine = [each for each in tokens if _is_of(each, user, user_id)]
        pairs = {(_claims(each).get("userID"), each.get("connectorID")) for each in mine}
        if user_id:
            pairs.add((user_id, LOCAL_CONNECTOR))
        return [
            *_logins(
                OFFLINE_SESSIONS,
                (each for each in sessions if (each.get("userID"), each.get("connID")) in pairs),
                "connID",
            ),
            *_logins(REFRESH_TOKENS, mine, "connectorID"),
        ]

    async def revoke(self, logins: Iterable[Login]) -> None:
        """Delete logins, one after the other in the order given."""
        for login in logins:
            await self._cluster.delete(login.kind, login.name, self._namespace)


def other_connectors(logins: Iterable[Login]) -> tuple[str, ...]:
    """Name the connectors of some logins that are not Dex's own."""
    return tuple(sorted({each.connector for each in logins} - {LOCAL_CONNECTOR}))


def _logins(kind: Kind, found: Iterable[Manifest], connector: str) -> list[Login]:
    return [Login(kind, each["metadata"]["name"], each.get(connector, "")) for each in found]


def _claims(token: Manifest) -> Manifest:
    claims: Manifest = token.get("claims") or {}
    return claims


def _is_of(token: Manifest, user: str, user_id: str | None) -> bool:
    claims = _claims(token)
    own = claims.get("userID") == user_id and token.get("connectorID") == LOCAL_CONNECTOR
    named = {str(claims.get(each, "")).lower() for each in ("email", "preferredUsername")}
    return user in named or (bool(user_id) and own)
