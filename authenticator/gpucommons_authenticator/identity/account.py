"""User name and groups from the claims of a verified id_token. Pure."""

from gpucommons_contract import UserNameError, user_name

from gpucommons_authenticator.errors import UnusableClaimsError
from gpucommons_authenticator.identity.group_rules import is_group_name
from gpucommons_authenticator.provider.id_token import Claims, connector_from

MAX_GROUPS = 10_000
"""More than anybody is in: a longer list is a mistake or an attack."""


def username_from(claims: Claims, claim: str, *, require_verified_email: bool) -> str:
    """Return the user name, as `user_name` makes it of the claim. Raises UnusableClaimsError."""
    name = claims.get(claim)
    if not isinstance(name, str) or not name:
        raise UnusableClaimsError(f"The sign-in service sent no {claim} to use as the user name.")
    if claim == "email" and require_verified_email and claims.get("email_verified") is not True:
        raise UnusableClaimsError("The sign-in service has not verified your e-mail address.")
    try:
        return user_name(name)
    except UserNameError as error:
        raise UnusableClaimsError(str(error)) from error


def groups_from(claims: Claims, claim: str) -> frozenset[str]:
    """Return the groups; none when the claim is missing, as Dex leaves it out then.

    What can be no group here, such as a name longer than the database takes, is left out: it
    gives nobody a right, and need not keep them out. Raises UnusableClaimsError for anything
    but a list: guessing here would hand out rights.
    """
    return frozenset(name for name in _listed_groups(claims, claim) if is_group_name(name))


def unusable_groups(claims: Claims, claim: str) -> int:
    """Return how many entries `groups_from` leaves out. Raises as it does."""
    return sum(not is_group_name(name) for name in _listed_groups(claims, claim))


def _listed_groups(claims: Claims, claim: str) -> list[object]:
    groups = claims.get(claim)
    if groups is None:
        return []
    if not isinstance(groups, list) or len(groups) > MAX_GROUPS:
        raise UnusableClaimsError(
            f"The claim {claim!r} must be a list of at most {MAX_GROUPS} group names; "
            f"the sign-in service sent {_described(groups)}."
        )
    return groups


def account_of(claims: Claims) -> tuple[object, object]:
    """Return what tells one account from another of the same name: issuer and subject."""
    return claims.get("iss"), claims.get("sub")


def is_same_account(known: Claims, claims: Claims) -> bool:
    """Say whether verified claims are about the account that is known already.

    The subject is made by Dex of the connector and the user there (its server/internal), and
    stays when Dex moves to another address: then the issuer differs, and only then. Claims of
    another issuer than the one configured never get here.
    """
    if known.get("sub") != claims.get("sub") or not claims.get("sub"):
        return False
    before, now = connector_from(known), connector_from(claims)
    return known.get("iss") == claims.get("iss") or before == now or None in {before, now}


def _described(value: object) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    kinds = {str: "a text", dict: "an object", bool: "a boolean", int: "a number"}
    return kinds.get(type(value), "something else")
