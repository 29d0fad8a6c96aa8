"""User name and groups from the claims of a verified id_token. Pure."""

import re
from typing import TypeGuard

from gpucommons_authenticator.errors import UnusableClaimsError
from gpucommons_authenticator.id_token import Claims

MAX_GROUPS = 1000
"""More than anybody is in: a list this long is a mistake or an attack."""
MAX_GROUP_LENGTH = 255
"""Characters; the width of JupyterHub's database column."""

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+'-]{0,253}")


def username_from(claims: Claims, claim: str, *, require_verified_email: bool) -> str:
    """Return the lower-cased user name.

    Only ASCII letters, digits and ``. _ @ + ' -`` may occur: no path separators, and
    no letter that merely looks like another one or becomes it in lower case.
    Raises UnusableClaimsError.
    """
    name = claims.get(claim)
    if not isinstance(name, str) or not name:
        raise UnusableClaimsError(f"The sign-in service sent no {claim} to use as the user name.")
    if claim == "email" and require_verified_email and claims.get("email_verified") is not True:
        raise UnusableClaimsError("The sign-in service has not verified your e-mail address.")
    # Before lowering: some letters outside ASCII become ASCII by it.
    if not name.isascii() or not _USERNAME.fullmatch(name.lower()):
        raise UnusableClaimsError(
            f"The user name {name[:64]!a} cannot be used: it may have letters, digits and ._@+'- "
            "and begins with a letter or digit."
        )
    return name.lower()


def groups_from(claims: Claims, claim: str) -> frozenset[str]:
    """Return the groups; none when the claim is missing, as Dex leaves it out then.

    Raises UnusableClaimsError for anything but a list of proper names: guessing here would
    hand out rights.
    """
    groups = claims.get(claim)
    if groups is None:
        return frozenset()
    if not isinstance(groups, list) or len(groups) > MAX_GROUPS:
        raise UnusableClaimsError(
            f"The claim {claim!r} has to be a list of at most {MAX_GROUPS} group names; "
            f"the sign-in service sent {_described(groups)}."
        )
    names = frozenset(name for name in groups if is_group_name(name))
    if len(names) < len(groups) and not all(is_group_name(name) for name in groups):
        raise UnusableClaimsError(f"The claim {claim!r} holds something that is not a group name.")
    return names


def connector_from(claims: Claims) -> str | None:
    """Return the Dex connector that somebody came through; None if the token does not say.

    Dex names it when the scope ``federated:id`` was asked for (its server/oauth2.go).
    """
    federated = claims.get("federated_claims")
    connector = federated.get("connector_id") if isinstance(federated, dict) else None
    return connector if isinstance(connector, str) else None


def account_of(claims: Claims) -> tuple[object, object]:
    """Return what tells one account from another of the same name: issuer and subject."""
    return claims.get("iss"), claims.get("sub")


def is_group_name(name: object) -> TypeGuard[str]:
    """Say whether this can be a group: printable, not empty, not longer than the column."""
    return isinstance(name, str) and 0 < len(name) <= MAX_GROUP_LENGTH and name.isprintable()


def _described(value: object) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    kinds = {str: "a text", dict: "an object", bool: "a truth value", int: "a number"}
    return kinds.get(type(value), "something else")
