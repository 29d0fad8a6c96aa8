"""What the hub asks Dex, each question within one time limit."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gpucommons_authenticator.errors import (
    ProviderUnavailableError,
    SignInError,
    TokenRejectedError,
    UnknownSigningKeyError,
)
from gpucommons_authenticator.provider.discovery import Provider, ProviderMetadata
from gpucommons_authenticator.provider.http_client import HTTPClient
from gpucommons_authenticator.provider.id_token import Claims, Expected, verify
from gpucommons_authenticator.provider.refresh_once import RefreshOnce
from gpucommons_authenticator.provider.settings import ConnectionSettings
from gpucommons_authenticator.provider.tokens import TokenInfo, VerifiedTokens, parse_tokens

PROBE_REUSE_S = 10.0
"""Whether Dex answers is asked at most this often, whatever the number of login pages shown."""


class Connection:
    """Dex, as the settings of the authenticator describe it."""

    def __init__(self, settings: ConnectionSettings, http: HTTPClient) -> None:
        self._settings = settings
        self._http = http
        self._provider = Provider(settings.issuer, http)
        self._probes: RefreshOnce[ProviderMetadata] = RefreshOnce(PROBE_REUSE_S)

    async def live_metadata(self) -> ProviderMetadata:
        """Return the endpoints of a Dex that answers now. Raises ProviderUnavailableError."""
        async with self._deadline():
            return await self._provider.live_metadata()

    async def problem(self) -> SignInError | None:
        """Return why nobody can sign in, as of at most PROBE_REUSE_S ago; None if they can."""
        try:
            await self._probes.run("", self.live_metadata)
        except SignInError as error:
            return error
        return None

    async def redeem_code(self, code: str, redirect_uri: str, code_verifier: str) -> VerifiedTokens:
        """Trade a login's code for tokens with verified claims. Raises SignInError."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        }
        async with self._deadline():
            tokens = await self._redeem(form)
            return {**tokens, "claims": await self._verified(tokens["id_token"])}

    async def redeem_refresh_token(self, refresh_token: str) -> TokenInfo:
        """Trade a refresh token for tokens that are not verified yet. Raises SignInError.

        The answer holds the next refresh token; the same one if Dex does not change it. It is
        to be kept whatever comes of the rest: Dex takes a refresh token once.
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        async with self._deadline():
            # First, so that it is not spent on what we cannot check.
            await self._provider.keys()
            try:
                tokens = await self._redeem(form)
            except TokenRejectedError as error:  # half an answer says nothing of the person
                raise ProviderUnavailableError(str(error)) from error
        return {**tokens, "refresh_token": tokens["refresh_token"] or refresh_token}

    async def verified(self, tokens: TokenInfo) -> VerifiedTokens:
        """Return tokens with verified claims. Raises SignInError.

        A key that Dex has not published yet says nothing of the person.
        """
        async with self._deadline():
            try:
                return {**tokens, "claims": await self._verified(tokens["id_token"])}
            except UnknownSigningKeyError as error:
                raise ProviderUnavailableError(str(error)) from error

    async def _redeem(self, form: dict[str, str]) -> TokenInfo:
        settings = self._settings
        metadata = await self._provider.metadata()
        if not settings.basic_auth:
            form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
        headers = settings.build_token_info_request_headers()
        answer = await self._http.post_form(metadata.token_endpoint, form, headers)
        return parse_tokens(answer)

    async def _verified(self, id_token: str) -> Claims:
        settings = self._settings
        expected = Expected(
            settings.issuer,
            settings.client_id,
            frozenset(settings.signing_algorithms),
            settings.clock_leeway,
        )
        try:
            return verify(id_token, await self._provider.keys(), expected, time.time())
        except UnknownSigningKeyError:
            keys = await self._provider.keys_after_rotation()
            return verify(id_token, keys, expected, time.time())

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        """Bound all steps together: three slow answers in a row are an outage too."""
        limit = self._settings.provider_timeout
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError as error:
            raise ProviderUnavailableError(
                f"{self._settings.issuer} did not answer within {limit} s"
            ) from error
