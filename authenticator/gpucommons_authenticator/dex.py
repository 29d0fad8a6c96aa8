"""Signing in through Dex, and staying signed in."""

import time
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TypeAlias, TypedDict

from jupyterhub.user import User

from gpucommons_authenticator.connection import Connection
from gpucommons_authenticator.connectors import chosen
from gpucommons_authenticator.discovery import ProviderMetadata
from gpucommons_authenticator.errors import (
    BlockedError,
    NameTakenError,
    NotAllowedError,
    ProviderUnavailableError,
    SignInError,
    UnclearAnswerError,
)
from gpucommons_authenticator.group_rules import mapped_groups
from gpucommons_authenticator.handlers import CallbackHandler, LoginHandler, LogoutHandler
from gpucommons_authenticator.id_token import Claims, check_nonce, check_same_person
from gpucommons_authenticator.identity import (
    account_of,
    connector_from,
    groups_from,
    username_from,
)
from gpucommons_authenticator.leaving import Leaving
from gpucommons_authenticator.login_attempt import LoginAttempt
from gpucommons_authenticator.people_settings import DexSettings
from gpucommons_authenticator.recheck import RECHECK_PATH, RecheckHandler
from gpucommons_authenticator.refresh import RefreshOnce, outage_is_forgiven
from gpucommons_authenticator.refusals import Refusals
from gpucommons_authenticator.tokens import VerifiedTokens
from gpucommons_authenticator.wire import Wire

SaveModel: TypeAlias = Callable[["AuthModel", User], Awaitable[object]]


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
    def _connection(self) -> Connection:
        return Connection(self, self._wire)

    @cached_property
    def _refreshes(self) -> RefreshOnce[AuthModel]:
        return RefreshOnce()

    @cached_property
    def leaving(self) -> Leaving:
        """The sessions of people who were removed."""
        return Leaving(self.log)

    @cached_property
    def _refusals(self) -> Refusals:
        return Refusals()

    async def live_metadata(self) -> ProviderMetadata:
        """Return the endpoints of a Dex that answers now. Raises ProviderUnavailableError."""
        return await self._connection.live_metadata()

    async def sign_in_problem(self) -> SignInError | None:
        """Return why nobody can sign in at the moment, for the login page; None if they can."""
        return await self._connection.problem()

    def authorize_parameters(
        self, handler: LoginHandler, attempt: LoginAttempt, wanted: str = ""
    ) -> dict[str, str]:
        """Return the query that begins a login at Dex's authorization endpoint.

        wanted is the id of a connector, empty for no wish. Raises UnknownConnectorError.
        """
        connector = chosen(self.ways_in, wanted)
        return {
            **self.extra_authorize_params,
            **({"connector_id": connector.id} if connector else {}),
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.get_callback_url(handler),
            "scope": " ".join(self.scope),
            **attempt.authorize_parameters(),
        }

    async def authenticate(self, handler: CallbackHandler, *_: object, **__: object) -> AuthModel:
        """Trade the code for tokens, verify them, say who it is. Raises SignInError."""
        tokens = await self._connection.redeem_code(
            handler.code, self.get_callback_url(handler), handler.attempt.code_verifier
        )
        check_nonce(tokens["claims"], handler.attempt.nonce)
        model = await self._to_auth_model(tokens)
        if user := handler.find_user(model["name"]):
            await self._check_account(user, tokens["claims"])
        self._refusals.forget(model["name"])
        self.leaving.cancel(model["name"])
        return model

    async def check_allowed(self, username: str, auth_model: AuthModel) -> bool:
        """Return True for those who may sign in. Raises NotAllowedError for the others."""
        if self.rules and auth_model and auth_model["groups"]:
            return True
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
        if self._refusals.recent(user.name):
            return False
        auth_state = await user.get_auth_state()
        token = (auth_state or {}).get("refresh_token")
        if not token:
            self.log.info("%s has to sign in: there is no refresh token", user.name)
            return False
        try:
            model = await self._refreshes.run(token, lambda: self._renewed(user.name, auth_state))
        except ProviderUnavailableError as error:
            return self._forgive(user.name, auth_state, error)
        except SignInError as error:
            return self._refuse(user.name, error)
        latest = await user.get_auth_state() or {}
        # Another request, or a new login, has saved newer tokens meanwhile: keep those.
        return model if latest.get("refresh_token") == token else True

    async def reason_to_go(
        self, user: User, save: SaveModel, *, unclear_is_no: bool = False
    ) -> str | None:
        """Ask Dex at once, and say why somebody may not stay; None if they may.

        What is new about somebody who may stay is given to save. Nobody has to go because
        Dex does not answer; unclear_is_no says whether an answer that may mean a no is one.
        """
        auth_state = await user.get_auth_state()
        token = (auth_state or {}).get("refresh_token")
        if not token:
            return "Nothing can be asked: there is no refresh token."
        try:
            model = await self._refreshes.run(token, lambda: self._renewed(user.name, auth_state))
        except ProviderUnavailableError as error:
            if not (unclear_is_no and isinstance(error, UnclearAnswerError)):
                return None
            reason = str(error)
        except SignInError as error:
            reason = str(error)
        else:
            self._refusals.forget(user.name)
            await save(model, user)
            return None
        self._refusals.remember(user.name, self.auth_refresh_age)
        return reason

    def get_handlers(self, app: object) -> list[tuple[str, type]]:
        """Add our endpoint to OAuthenticator's pages."""
        return [*super().get_handlers(app), (RECHECK_PATH, RecheckHandler)]

    async def token_to_user(self, token_info: VerifiedTokens) -> Claims:
        """Return the claims verified before: OAuthenticator's hook for who somebody is."""
        return token_info["claims"]

    def user_info_to_username(self, user_info: Claims) -> str:
        """Return the user name. Raises UnusableClaimsError."""
        return username_from(
            user_info, self.username_claim, require_verified_email=self.require_verified_email
        )

    async def get_user_groups(self, auth_state: AuthState) -> set[str]:
        """Return the groups, as the rules make them. Raises UnusableClaimsError."""
        claims = auth_state["oauth_user"]
        groups = groups_from(claims, self.groups_claim)
        if not self.rules:
            return set(groups)
        return set(mapped_groups(self.rules, groups, connector_from(claims)))

    def build_auth_state_dict(self, token_info: VerifiedTokens, user_info: Claims) -> AuthState:
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
        if username in self.blocked_users:
            raise BlockedError(username)
        tokens = await self._connection.redeem_refresh_token(auth_state["refresh_token"] or "")
        check_same_person(tokens["claims"], auth_state["oauth_user"])
        model = await self._to_auth_model(tokens)
        if model["name"] != username:
            raise NotAllowedError(model["name"], f"Until now the user name was {username}.")
        await self.check_allowed(username, model)
        return model

    async def _check_account(self, user: User, claims: Claims) -> None:
        """Refuse another account of the same name. Raises NameTakenError."""
        known = (await user.get_auth_state() or {}).get("oauth_user")
        if self.bind_account and known and account_of(known) != account_of(claims):
            raise NameTakenError(user.name, account_of(claims))

    def _forgive(
        self, username: str, auth_state: AuthState, error: ProviderUnavailableError
    ) -> bool:
        unclear = isinstance(error, UnclearAnswerError)
        grace = self.unclear_grace if unclear else self.outage_grace
        if not outage_is_forgiven(auth_state.get("verified_at"), time.time(), grace):
            self.log.warning("The grace of %s, %s s, is over", username, grace)
            return self._refuse(username, error)
        self.log.warning("%s stays signed in meanwhile: %s", username, error)
        return True

    def _refuse(self, username: str, error: SignInError) -> bool:
        self._refusals.remember(username, self.auth_refresh_age)
        self.log.warning("%s has to sign in again: %s", username, error)
        return False

    async def _to_auth_model(self, tokens: VerifiedTokens) -> AuthModel:
        """Run OAuthenticator's own steps, its hooks included, on verified claims."""
        model: AuthModel = await self._token_to_auth_model(tokens)
        return model
