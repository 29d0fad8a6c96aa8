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
from gpucommons_authenticator.id_token import Claims
from gpucommons_authenticator.wire import Answer

_OUR_MISTAKES = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type"})
_OUTAGES = frozenset({"server_error", "temporarily_unavailable"})
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
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
    hub itself, ProviderUnavailableError when it could not say, UnclearAnswerError when that
    may have been a no, TokenRejectedError when the answer lacks an id_token.
    """
    error = answer.body.get("error")
    if answer.status != 200 or error is not None:
        raise _refusal(answer.status, error)
    id_token, access_token = answer.body.get("id_token"), answer.body.get("access_token")
    if not isinstance(id_token, str) or not isinstance(access_token, str):
        raise TokenRejectedError("Dex sent no id_token: DexOAuthenticator.scope must hold openid")
    refresh_token, scope = answer.body.get("refresh_token"), answer.body.get("scope")
    return TokenInfo(
        id_token=id_token,
        access_token=access_token,
        refresh_token=refresh_token if isinstance(refresh_token, str) else None,
        scope=scope if isinstance(scope, str) else "",
    )


def _refusal(status: int, error: object) -> ProviderRefusedError | ProviderUnavailableError:
    """Tell a no from an outage. Only the error's code is kept: a description may hold anything."""
    if status == _TOO_MANY_REQUESTS or not isinstance(error, str):
        return ProviderUnavailableError(f"Dex's token endpoint answered {status} without a reason")
    code = error if _ERROR_CODE.fullmatch(error) else "unreadable_error"
    if code in _OUR_MISTAKES:
        return ClientRefusedError(
            f"Dex answered {code}: client_id, client_secret and oauth_callback_url of "
            "DexOAuthenticator have to match a static client in Dex's configuration"
        )
    if code in _OUTAGES:
        return ProviderUnavailableError(f"Dex's token endpoint answered {code} ({status})")
    if status >= _SERVER_ERROR:
        return UnclearAnswerError(f"Dex answered {code} ({status}): a no, or a directory is down")
    return ProviderRefusedError(f"Dex answered {code} ({status})")
