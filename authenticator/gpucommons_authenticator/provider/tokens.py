"""Dex's token endpoint: trading a code, or a refresh token, for fresh tokens."""

import re
from typing import TypedDict

from gpucommons_authenticator.errors import (
    ClientRefusedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    TokenRejectedError,
    UnclearAnswerError,
)
from gpucommons_authenticator.provider.http_client import Answer
from gpucommons_authenticator.provider.id_token import Claims

_OUR_MISTAKES = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type"})
_OUTAGES = frozenset({"server_error", "temporarily_unavailable"})
_A_NO = 400
_UNCLEAR = (500, "invalid_request")
"""Dex's status and code for a person who is gone and for a directory that is away."""
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")


class TokenInfo(TypedDict):
    """What the token endpoint sent."""

    id_token: str
    access_token: str
    refresh_token: str | None
    scope: str


class VerifiedTokens(TokenInfo):
    """The same, with the claims of the id_token once it is verified."""

    claims: Claims


def parse_tokens(answer: Answer) -> TokenInfo:
    """Read an answer of the token endpoint.

    Raises ProviderRefusedError when Dex says no, ClientRefusedError when it does not accept the
    hub itself, UnclearAnswerError when it may have said no, TokenRejectedError when the answer
    lacks an id_token, and ProviderUnavailableError for all else, such as the answers of a proxy
    before a Dex that is away.
    """
    if answer.status != 200:
        raise _refusal(answer.status, answer.body.get("error"))
    if "error" in answer.body:
        raise ProviderUnavailableError("Dex's token endpoint answered 200 with an error")
    id_token, access_token = answer.body.get("id_token"), answer.body.get("access_token")
    if not isinstance(id_token, str) or not isinstance(access_token, str):
        raise TokenRejectedError(
            "Dex sent no id_token: DexOAuthenticator.scope must contain openid"
        )
    refresh_token, scope = answer.body.get("refresh_token"), answer.body.get("scope")
    return TokenInfo(
        id_token=id_token,
        access_token=access_token,
        refresh_token=refresh_token if isinstance(refresh_token, str) else None,
        scope=scope if isinstance(scope, str) else "",
    )


def _refusal(status: int, error: object) -> ProviderRefusedError | ProviderUnavailableError:
    """Tell a no from an outage. Only the error's code is kept: a description may hold anything."""
    if not isinstance(error, str):
        return ProviderUnavailableError(f"Dex's token endpoint answered {status} without a reason")
    code = error if _ERROR_CODE.fullmatch(error) else "unreadable_error"
    if code in _OUR_MISTAKES:
        return ClientRefusedError(
            f"Dex answered {code}: client_id, client_secret and oauth_callback_url of "
            "DexOAuthenticator must match a static client in Dex's configuration"
        )
    if (status, code) == _UNCLEAR:
        return UnclearAnswerError(
            f"Dex answered {code} ({status}): a refusal, or a directory is down"
        )
    if status == _A_NO and code not in _OUTAGES:
        return ProviderRefusedError(f"Dex answered {code} ({status})")
    return ProviderUnavailableError(f"Dex's token endpoint answered {code} ({status})")
