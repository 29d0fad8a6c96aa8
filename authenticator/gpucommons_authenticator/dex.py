"""Signing in through Dex, and staying signed in."""

import asyncio
import time
from collections.abc import Iterable
from functools import cached_property
from urllib.parse import urljoin

from gpucommons_contract import NOTICE_SERVICE
from gpucommons_contract.words import phrase, sentences
from gpucommons_sessions.client import NOTICE_SCOPES, has_service
from gpucommons_upkeep.logs import note
from jupyterhub.app import JupyterHub
from jupyterhub.user import User
from tornado.httputil import url_concat
from tornado.web import HTTPError, RequestHandler

from gpucommons_authenticator.access.recheck_api import RECHECK_PATH, RecheckHandler
from gpucommons_authenticator.access.session_recheck import AccessRecheck
from gpucommons_authenticator.access.turns import Turns
from gpucommons_authenticator.errors import (
    NameChangedError,
    NameTakenError,
    NotAllowedError,
    SignInError,
)
from gpucommons_authenticator.identity.account import account_of, is_same_account, username_from
from gpucommons_authenticator.identity.auth_model import (
    AuthModel,
    AuthState,
    SaveModel,
    auth_state_of,
)
from gpucommons_authenticator.identity.connectors import chosen
from gpucommons_authenticator.identity.membership import Membership, membership_of
from gpucommons_authenticator.identity.settings import DexSettings
from gpucommons_authenticator.login.handlers import CallbackHandler, LoginHandler, LogoutHandler
from gpucommons_authenticator.login.login_attempt import LoginAttempt
from gpucommons_authenticator.provider.connection import Connection
from gpucommons_authenticator.provider.discovery import ProviderMetadata
from gpucommons_authenticator.provider.http_client import HTTPClient
from gpucommons_authenticator.provider.id_token import Claims, check_nonce, check_same_person
from gpucommons_authenticator.provider.tokens import VerifiedTokens


class DexOAuthenticator(DexSettings):
    """Signs people in through Dex with OpenID Connect.

    The claims of a verified id_token are the only source of names and groups.
    """

    login_handler = LoginHandler
    callback_handler = CallbackHandler
    logout_handler = LogoutHandler

    @cached_property
    def _http(self) -> HTTPClient:
        options = {"validate_cert": self.validate_server_cert, **self.http_request_kwargs}
        return HTTPClient(self.http_client, self.provider_timeout, options)

    @cached_property
    def _connection(self) -> Connection:
        return Connection(self, self._http)

    @cached_property
    def access(self) -> AccessRecheck:
        """Whether somebody who signed in may stay."""
        return AccessRecheck(self, self._renewed, self._turns)

    @cached_property
    def _turns(self) -> Turns:
        return Turns()

    async def live_metadata(self) -> ProviderMetadata:
        """Return the endpoints of a Dex that answers now. Raises ProviderUnavailableError."""
        return await self._connection.live_metadata()

    async def sign_in_problem(self) -> SignInError | None:
        """Return why nobody can sign in at the moment, for the login page; None if they can."""
        return await self._connection.problem()

    def sign_in_lasts(self, connector: str = "") -> str:
        """Return how long a sign-in counts, for the login page; empty where Dex is asked again."""
        hours = self.login_lifetime / 3600
        return (
            ""
            if self.access.is_renewable(connector)
            else phrase("%(hours)s h", hours=f"{hours:.3g}")
        )

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
        """Trade the code for tokens, verify them, say who it is. Raises SignInError.

        JupyterHub comes here, too, when a program posts to the login page: there is no code.
        """
        if not getattr(handler, "code", ""):
            raise HTTPError(400, "Sign in by the button on the login page")
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
        name, auth_state = model["name"], model["auth_state"]
        async with self._turns.of(name):
            user = handler.find_user(name)
            if user:
                await self._check_account(user, auth_state["oauth_user"])
            user = await save(model, user)
        self.access.signed_in(user)
        seen = self._membership(auth_state).described(self._names_that_count())
        note(user=name)
        self.log.info("%s signed in; %s", name, seen)
        if not auth_state["refresh_token"]:
            self.access.cannot_be_renewed(user, auth_state)
        return user

    async def check_allowed(self, username: str, auth_model: AuthModel) -> bool:
        """Return True for those who may sign in. Raises NotAllowedError for the others.

        With rules that is whoever a rule takes. A right that is withheld shuts nobody out.
        """
        if await super().check_allowed(username, auth_model):
            return True
        seen = self._membership(auth_model["auth_state"])
        if self.rules and (auth_model["groups"] or seen.withheld):
            return True
        advice = sentences(self.custom_403_message, seen.shown())
        raise NotAllowedError(username, advice, seen.described(self._names_that_count()))

    async def refresh_user(
        self, user: User, handler: RequestHandler | None = None, **_: object
    ) -> bool | AuthModel:
        """Ask Dex again about somebody who is signed in; see `AccessRecheck.refresh`.

        OAuthenticator's refresh_user_hook goes first, and decides unless it returns None.
        """
        if not self.enable_auth_state:
            return True
        if self.refresh_user_hook is not None:
            kept = await user.get_auth_state()
            decided: bool | AuthModel | None = await self._call_refresh_user_hook(user, kept)
            if decided is not None:
                return decided
        return await self.access.refresh(user, handler)

    def get_handlers(self, app: JupyterHub) -> list[tuple[str, type]]:
        """Add our endpoint to OAuthenticator's pages. Called once, when the hub starts."""
        if self.removal_grace is not None and not has_service(app.db):
            raise ValueError(
                f"JupyterHub.services must list {{'name': '{NOTICE_SERVICE}'}}, and "
                f"JupyterHub.load_roles a role for it with the scopes {', '.join(NOTICE_SCOPES)}: "
                "it shows a notice in the sessions of people who were removed, and stops them. "
                "Without it, set DexOAuthenticator.removal_grace to None; sessions then keep "
                "running."
            )
        self._resuming = asyncio.ensure_future(self.access.departures.resume(app))
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
        return set(self._membership(auth_state).groups)

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
        renewed = await self._connection.redeem_refresh_token(token)
        try:
            tokens = await self._connection.verified(renewed)
            check_same_person(tokens["claims"], auth_state["oauth_user"])
            model = await self._to_auth_model(tokens)
            if model["name"] != user.name:
                raise NameChangedError(user.name, model["name"])
            await self.check_allowed(user.name, model)
        except SignInError:
            # Dex takes a refresh token once: without the next one, it could not be asked again.
            await self._keep(user, token, renewed["refresh_token"])
            raise
        model["auth_state"]["renewed_at"] = model["auth_state"]["verified_at"]
        return model

    async def _keep(self, user: User, token: str, following: str | None) -> None:
        async with self._turns.of(user.name):
            auth_state = await auth_state_of(user)
            if auth_state.get("refresh_token") == token:
                await user.save_auth_state({**auth_state, "refresh_token": following})

    async def _check_account(self, user: User, claims: Claims) -> None:
        """Refuse another account of the same name. Raises NameTakenError."""
        known = (await auth_state_of(user)).get("oauth_user")
        if not self.bind_account or not known:
            return
        if not is_same_account(known, claims):
            raise NameTakenError(user.name, account_of(claims))
        if known["iss"] != claims["iss"]:
            self.log.info(
                "%s is the same account: Dex has moved from %s", user.name, str(known["iss"])[:128]
            )

    def _membership(self, auth_state: AuthState) -> Membership:
        return membership_of(auth_state["oauth_user"], self.groups_claim, self.rules, self.reserved)

    def _names_that_count(self) -> Iterable[str]:
        """Return what the configuration calls groups of Dex: for a hint at wrong capitals."""
        names = {rule["exact"] for rule in self.group_rules if rule and rule.get("exact")}
        return names if self.rules else self.allowed_groups | self.admin_groups

    async def _to_auth_model(self, tokens: VerifiedTokens) -> AuthModel:
        """Run OAuthenticator's own steps, its hooks included, on verified claims."""
        model: AuthModel = await self._token_to_auth_model(tokens)
        return model
