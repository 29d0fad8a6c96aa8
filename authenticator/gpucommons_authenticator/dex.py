"""Signing in through Dex, and staying signed in."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TypedDict

from jupyterhub.user import User

from gpucommons_authenticator.discovery import Provider, ProviderMetadata
from gpucommons_authenticator.errors import (
    NotAllowedError,
    ProviderUnavailableError,
    SignInError,
    UnknownSigningKeyError,
)
from gpucommons_authenticator.handlers import CallbackHandler, LoginHandler, LogoutHandler
from gpucommons_authenticator.id_token import (
    Claims,
    Expected,
    check_nonce,
    check_same_person,
    verify,
)
from gpucommons_authenticator.identity import groups_from, username_from
from gpucommons_authenticator.login_attempt import LoginAttempt
from gpucommons_authenticator.refresh import RefreshOnce, outage_is_forgiven
from gpucommons_authenticator.settings import DexSettings
from gpucommons_authenticator.tokens import TokenInfo, parse_tokens
from gpucommons_authenticator.wire import Wire


class AuthState(TypedDict):
    """What JupyterHub keeps encrypted about somebody who signed in.

    verified_at is when Dex last vouched for them, in seconds since the epoch.
    """

    access_token: str
    refresh_token: str | None
    id_token: str
    scope: list[str]
    oauth_user: Claims
    verified_at: float


class AuthModel(TypedDict):
    """What JupyterHub wants to know about somebody: see Authenticator.authenticate."""

    name: str
    admin: bool | None
    groups: list[str]
    auth_state: AuthState


class DexOAuthenticator(DexSettings):
    """Signs people in through Dex with OpenID Connect.

    The claims of a verified id_token are the only source of names and groups.
    """

    login_handler = LoginHandler
    callback_handler = CallbackHandler
    logout_handler = LogoutHandler

    @cached_property
    def _wire(self) -> Wire:
        options = {"validate_cert": self.validate_server_cert, **self.http_request_kwargs}
        return Wire(self.http_client, self.provider_timeout, options)

    @cached_property
    def _provider(self) -> Provider:
        return Provider(self.issuer, self._wire)

    @cached_property
    def _refreshes(self) -> RefreshOnce[AuthModel]:
        return RefreshOnce()

    async def live_metadata(self) -> ProviderMetadata:
        """Return the endpoints of a Dex that answers now. Raises ProviderUnavailableError."""
        async with self._deadline():
            return await self._provider.live_metadata()

    def authorize_parameters(self, handler: LoginHandler, attempt: LoginAttempt) -> dict[str, str]:
        """Return the query that begins a login at Dex's authorization endpoint."""
        return {
            **self.extra_authorize_params,
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.get_callback_url(handler),
            "scope": " ".join(self.scope),
            **attempt.authorize_parameters(),
        }

    async def authenticate(self, handler: CallbackHandler, *_: object, **__: object) -> AuthModel:
        """Trade the code for tokens, verify them, say who it is. Raises SignInError."""
        form = {
            "grant_type": "authorization_code",
            "code": handler.code,
            "redirect_uri": self.get_callback_url(handler),
            "code_verifier": handler.attempt.code_verifier,
        }
        async with self._deadline():
            tokens = await self._request_tokens(form)
            claims = await self._verified(tokens["id_token"])
        check_nonce(claims, handler.attempt.nonce)
        return await self._to_auth_model({**tokens, "claims": claims})

    async def check_allowed(self, username: str, auth_model: AuthModel) -> bool:
        """Return True for those who may sign in. Raises NotAllowedError for the others."""
        if await super().check_allowed(username, auth_model):
            return True
        raise NotAllowedError(username, self.custom_403_message)

    async def refresh_user(self, user: User, *_: object, **__: object) -> bool | AuthModel:
        """Ask Dex again about somebody who is signed in.

        True: nothing new, or Dex is away and the grace lasts. False: Dex says no, or
        nothing can be asked; they have to sign in. Otherwise what is new.
        """
        if not self.enable_auth_state:
            return True
        auth_state = await user.get_auth_state()
        token = (auth_state or {}).get("refresh_token")
        if not token:
            self.log.info("%s has to sign in: there is no refresh token", user.name)
            return False
        try:
            model = await self._refreshes.run(token, lambda: self._renewed(user.name, auth_state))
        except ProviderUnavailableError as error:
            return self._through_outage(user.name, auth_state, error)
        except SignInError as error:
            self.log.warning("%s has to sign in again: %s", user.name, error)
            return False
        latest = await user.get_auth_state() or {}
        # Another request, or a new login, has saved newer tokens meanwhile: keep those.
        return model if latest.get("refresh_token") == token else True

    async def token_to_user(self, token_info: TokenInfo) -> Claims:
        """Return the claims verified before: OAuthenticator's hook for who somebody is."""
        return token_info["claims"]

    def user_info_to_username(self, user_info: Claims) -> str:
        """Return the user name. Raises UnusableClaimsError."""
        return username_from(
            user_info, self.username_claim, require_verified_email=self.require_verified_email
        )

    async def get_user_groups(self, auth_state: AuthState) -> set[str]:
        """Return the groups. Raises UnusableClaimsError."""
        return set(groups_from(auth_state["oauth_user"], self.groups_claim))

    def build_auth_state_dict(self, token_info: TokenInfo, user_info: Claims) -> AuthState:
        """Return what is kept, encrypted, until the next refresh."""
        return AuthState(
            access_token=token_info["access_token"],
            refresh_token=token_info["refresh_token"],
            id_token=token_info["id_token"],
            scope=token_info["scope"].split(),
            oauth_user=user_info,
            verified_at=time.time(),
        )

    async def _renewed(self, username: str, auth_state: AuthState) -> AuthModel:
        """Trade the refresh token for fresh claims and judge them as a login's."""
        refresh_token = auth_state["refresh_token"] or ""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        async with self._deadline():
            # First: Dex takes a refresh token once, so it is not spent on what we cannot check.
            await self._provider.keys()
            tokens = await self._request_tokens(form)
            claims = await self._verified(tokens["id_token"])
        check_same_person(claims, auth_state["oauth_user"])
        tokens["refresh_token"] = tokens["refresh_token"] or refresh_token
        model = await self._to_auth_model({**tokens, "claims": claims})
        if model["name"] != username:
            raise NotAllowedError(model["name"], f"Until now the user name was {username}.")
        await self.check_allowed(username, model)
        return model

    def _through_outage(self, username: str, auth_state: AuthState, error: SignInError) -> bool:
        forgiven = outage_is_forgiven(auth_state.get("verified_at"), time.time(), self.outage_grace)
        outcome = "stays signed in meanwhile" if forgiven else "has to sign in: the grace is over"
        self.log.warning("%s could not be refreshed and %s: %s", username, outcome, error)
        return forgiven

    async def _request_tokens(self, form: dict[str, str]) -> TokenInfo:
        metadata = await self._provider.metadata()
        if not self.basic_auth:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        headers = self.build_token_info_request_headers()
        return parse_tokens(await self._wire.post_form(metadata.token_endpoint, form, headers))

    async def _verified(self, id_token: str) -> Claims:
        expected = Expected(
            self.issuer, self.client_id, frozenset(self.signing_algorithms), self.clock_leeway
        )
        try:
            return verify(id_token, await self._provider.keys(), expected, time.time())
        except UnknownSigningKeyError:
            keys = await self._provider.keys_after_rotation()
            return verify(id_token, keys, expected, time.time())

    async def _to_auth_model(self, tokens: TokenInfo) -> AuthModel:
        """Run OAuthenticator's own steps, its hooks included, on verified claims."""
        model: AuthModel = await self._token_to_auth_model(tokens)
        return model

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        """Bound all steps together: three slow answers in a row are an outage too."""
        try:
            async with asyncio.timeout(self.provider_timeout):
                yield
        except TimeoutError as error:
            raise ProviderUnavailableError(
                f"{self.issuer} did not answer within {self.provider_timeout} s"
            ) from error
