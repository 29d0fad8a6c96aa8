"""Whether an id_token is genuine, meant for this hub, and of now. Pure: no I/O, no clock.

The checks are those of https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation,
the signature always among them.
"""

import hmac
import math
from dataclasses import dataclass
from typing import TypeAlias

from joserfc import jwt
from joserfc.errors import ClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from gpucommons_authenticator.errors import TokenRejectedError, UnknownSigningKeyError

SIGNING_ALGORITHMS = ("RS256", "ES256")
"""Accepted by default: Dex signs with RS256, or with ES256 if it is configured to."""

Claims: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Expected:
    """What an id_token must say. leeway, in seconds, forgives clocks that differ."""

    issuer: str
    client_id: str
    algorithms: frozenset[str]
    leeway: int


def check_algorithms(names: list[str]) -> None:
    """Refuse algorithms that anybody could sign with. Raises ValueError naming them."""
    unsafe = [name for name in names if name[:2] not in {"RS", "ES", "PS", "Ed"}]
    if unsafe or not names:
        raise ValueError(
            f"signing_algorithms must list public-key algorithms such as "
            f"{', '.join(SIGNING_ALGORITHMS)}; not usable: {', '.join(unsafe) or '(empty list)'}"
        )


def verify(token: str, keys: KeySet, expected: Expected, now: float) -> Claims:
    """Return the claims of a genuine id_token.

    now is in seconds since the epoch. Raises UnknownSigningKeyError when the key set has
    no such key (it may have been rotated), TokenRejectedError for everything else.
    """
    claims = _signed_claims(token, keys, expected.algorithms)
    registry = jwt.JWTClaimsRegistry(
        now=int(now),
        leeway=expected.leeway,
        iss={"essential": True, "value": expected.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": expected.client_id},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(claims)
    except ClaimError as error:
        hint = _clock_hint(error, claims, expected.leeway, now)
        raise TokenRejectedError(f"id_token refused: {error}{hint}") from error
    _check_authorized_party(claims, expected.client_id)
    return claims


def check_nonce(claims: Claims, nonce: str) -> None:
    """Check that the id_token answers this browser's login. Raises TokenRejectedError."""
    found = claims.get("nonce")
    if not isinstance(found, str) or not hmac.compare_digest(found.encode(), nonce.encode()):
        raise TokenRejectedError("id_token refused: its nonce is not the one of this login")


def check_same_person(claims: Claims, previous: Claims) -> None:
    """Check that a renewed id_token is about the person it was renewed for.

    https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse
    Dex may have moved to another address since, if both tokens name the same connector.
    Raises TokenRejectedError.
    """
    changed = [name for name in ("iss", "sub") if claims.get(name) != previous.get(name)]
    if changed == ["iss"] and connector_from(claims) == connector_from(previous) is not None:
        changed = []
    if changed:
        raise TokenRejectedError(f"renewed id_token refused: its {changed[0]} has changed")
    if "nonce" in claims and claims["nonce"] != previous.get("nonce", claims["nonce"]):
        raise TokenRejectedError("renewed id_token refused: its nonce has changed")


def connector_from(claims: Claims) -> str | None:
    """Return the Dex connector that somebody came through; None if the token does not say.

    Dex names it when the scope ``federated:id`` was asked for (its server/oauth2.go).
    """
    federated = claims.get("federated_claims")
    connector = federated.get("connector_id") if isinstance(federated, dict) else None
    return connector if isinstance(connector, str) else None


def _signed_claims(token: str, keys: KeySet, algorithms: frozenset[str]) -> Claims:
    try:
        return jwt.decode(token, keys, algorithms=sorted(algorithms)).claims
    except InvalidKeyIdError as error:
        raise UnknownSigningKeyError("id_token refused: signed with an unknown key") from error
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        reason = error.error if isinstance(error, JoseError) else type(error).__name__
        raise TokenRejectedError(f"id_token refused: {reason}") from error


def _check_authorized_party(claims: Claims, client_id: str) -> None:
    """With several audiences, the one that the token was made for must be this hub."""
    audiences = claims["aud"]
    several = isinstance(audiences, list) and len(audiences) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise TokenRejectedError("id_token refused: made for another client (azp)")


def _clock_hint(error: ClaimError, claims: Claims, leeway: int, now: float) -> str:
    """Say by how much the clocks would have to differ, if that is what it is."""
    moment = claims.get(error.claim)
    if error.claim not in {"exp", "iat", "nbf"} or not isinstance(moment, int | float):
        return ""
    if isinstance(moment, bool) or not math.isfinite(moment):
        return ""
    off = now - moment if error.claim == "exp" else moment - now
    return (
        f" (by {off:.0f} s, more than clock_leeway allows, which is {leeway} s: "
        "do the clocks of the hub and of Dex agree?)"
    )
