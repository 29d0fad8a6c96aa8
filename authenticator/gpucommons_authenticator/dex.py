"""Signing in through Dex, and staying signed in."""

import asyncio
import time
from functools import cached_property
from urllib.parse import urljoin

from gpucommons_contract import NOTICE_SERVICE
from jupyterhub.app import JupyterHub
from jupyterhub.user import User
from tornado.httputil import url_concat
from tornado.web import RequestHandler

from gpucommons_authenticator.auth_model import (
    AuthModel,
    AuthState,
    SaveModel,
    auth_state_of,
)
from gpucommons_authenticator.broadcast import BROADCAST_PATH, BroadcastHandler
from gpucommons_authenticator.connection import Connection
from gpucommons_authenticator.connectors import chosen
from gpucommons_authenticator.discovery import ProviderMetadata
from gpucommons_authenticator.errors import (
    BlockedError,
    NameTakenError,
    NotAllowedError,
    SignInError,
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
from gpucommons_authenticator.login_attempt import LoginAttempt
from gpucommons_authenticator.people_settings import DexSettings
from gpucommons_authenticator.recheck import RECHECK_PATH, RecheckHandler
from gpucommons_authenticator.session_calls import NOTICE_SCOPES, has_service
from gpucommons_authenticator.standing import Standing
from gpucommons_authenticator.tokens import VerifiedTokens
from gpucommons_authenticator.wire import Wire


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
    def standing(self) -> Standing:
        """Whether somebody who signed in may stay."""
        return Standing(self, self._renewed)

    @cached_property
    def _binding(self) -> asyncio.Lock:
        return asyncio.Lock()

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

    async def end_session_url(self, handler: LogoutHandler, user: User) -> str | None:
        """Return where a browser ends its session at Dex, too; None where Dex has no such thing.

        https://openid.net/specs/openid-connect-rpinitiated-1_0.html
        """
        try:
            endpoint = (await self.live_metadata()).end_session_endpoint
        except SignInError as error:
            self.log.warning("Signed out here alone: %s", error)
            return None
        if endpoint is None:
            return None
        own_page = urljoin(self.get_callback_url(handler), "logout")
        parameters = {
            "client_id": self.client_id,
            "post_logout_redirect_uri": self.logout_redirect_url or own_page,
        }
        if id_token := (await auth_state_of(user)).get("id_token"):
            parameters["id_token_hint"] = id_token
        return str(url_concat(endpoint, parameters))

    async def authenticate(self, handler: CallbackHandler, *_: object, **__: object) -> AuthModel:
        """Trade the code for tokens, verify them, say who it is. Raises SignInError."""
        tokens = await self._connection.redeem_code(
            handler.code, self.get_callback_url(handler), handler.attempt.code_verifier
        )
        check_nonce(tokens["claims"], handler.attempt.nonce)
        return await self._to_auth_model(tokens)

    async def save_login(self, handler: CallbackHandler, model: AuthModel, save: SaveModel) -> User:
        """Let JupyterHub keep a login, unless the name is another account's.

        One login at a time: of two newcomers with one name, one is the first.
        Raises NameTakenError.
        """
        async with self._binding:
            user = handler.find_user(model["name"])
            if user:
                await self._check_account(user, model["auth_state"]["oauth_user"])
            user = await save(model, user)
        self.standing.vouched(user, model)
        return user

    async def check_allowed(self, username: str, auth_model: AuthModel) -> bool:
        """Return True for those who may sign in. Raises NotAllowedError for the others."""
        if self.rules and auth_model and auth_model["groups"]:
            return True
        if await super().check_allowed(username, auth_model):
            return True
        raise NotAllowedError(username, self.custom_403_message)

    async def refresh_user(
        self, user: User, handler: RequestHandler | None = None, **_: object
    ) -> bool | AuthModel:
        """Ask Dex again about somebody who is signed in; see `Standing.refresh`."""
        if not self.enable_auth_state:
            return True
        return await self.standing.refresh(user, handler)

    def get_handlers(self, app: JupyterHub) -> list[tuple[str, type]]:
        """Add our endpoint to OAuthenticator's pages. Called once, when the hub starts."""
        if self.removal_grace is not None and not has_service(app.db):
            raise ValueError(
                f"JupyterHub.services has to list {{'name': '{NOTICE_SERVICE}'}}, with a role in "
                f"JupyterHub.load_roles of the scopes {', '.join(NOTICE_SCOPES)}: in its name the "
                "sessions of people who were removed are told and stopped. Without it, set "
                "DexOAuthenticator.removal_grace to None; sessions go on then."
            )
        self._resuming = asyncio.ensure_future(self.standing.leaving.resume(app))
        return [
            *super().get_handlers(app),
            (RECHECK_PATH, RecheckHandler),
            (BROADCAST_PATH, BroadcastHandler),
        ]

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

    async def _renewed(self, user: User, auth_state: AuthState, token: str) -> AuthModel:
        """Trade the refresh token for fresh claims and judge them as a login's."""
        if user.name in self.blocked_users:
            raise BlockedError(user.name)
        tokens = await self._connection.redeem_refresh_token(token)
        try:
            check_same_person(tokens["claims"], auth_state["oauth_user"])
            model = await self._to_auth_model(tokens)
            if model["name"] != user.name:
                raise NotAllowedError(model["name"], f"Until now the user name was {user.name}.")
            await self.check_allowed(user.name, model)
        except SignInError:
            # Dex takes a refresh token once: without the next one, it could not be asked again.
            await self._keep(user, token, tokens["refresh_token"])
            raise
        return model

    async def _keep(self, user: User, token: str, following: str | None) -> None:
        auth_state = await auth_state_of(user)
        if auth_state.get("refresh_token") == token:
            await user.save_auth_state({**auth_state, "refresh_token": following})

    async def _check_account(self, user: User, claims: Claims) -> None:
        """Refuse another account of the same name. Raises NameTakenError."""
        known = (await auth_state_of(user)).get("oauth_user")
        if self.bind_account and known and account_of(known) != account_of(claims):
            raise NameTakenError(user.name, account_of(claims))

    async def _to_auth_model(self, tokens: VerifiedTokens) -> AuthModel:
        """Run OAuthenticator's own steps, its hooks included, on verified claims."""
        model: AuthModel = await self._token_to_auth_model(tokens)
        return model
