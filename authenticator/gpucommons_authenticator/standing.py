"""Whether somebody who signed in may stay: asked at refresh, and when an administrator wants it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from jupyterhub.user import User
from tornado.web import RequestHandler

from gpucommons_authenticator.auth_model import (
    AuthModel,
    AuthState,
    SaveModel,
    auth_state_of,
)
from gpucommons_authenticator.errors import (
    NoRefreshTokenError,
    ProviderUnavailableError,
    SignInError,
    UnclearAnswerError,
)
from gpucommons_authenticator.identity import connector_from
from gpucommons_authenticator.leaving import Leaving
from gpucommons_authenticator.people_settings import DexSettings
from gpucommons_authenticator.refresh import RefreshOnce, outage_is_forgiven
from gpucommons_authenticator.refusals import Refusals
from gpucommons_authenticator.vouching import Vouching

Renew = Callable[[User, AuthState, str], Coroutine[Any, Any, AuthModel]]
"""Trades a refresh token for what is true of somebody now. Raises SignInError."""


class Standing:
    """Asks Dex about people, and lets its answers take effect."""

    def __init__(self, settings: DexSettings, renew: Renew) -> None:
        self._settings = settings
        self._renew = renew
        self._refreshes: RefreshOnce[AuthModel] = RefreshOnce()
        self._refusals = Refusals()
        self._vouching = Vouching()
        self.leaving = Leaving(self._may_stay_after_all, settings.log)

    def vouched(self, user: User, model: AuthModel) -> None:
        """Forget every no: Dex has just vouched for somebody."""
        self._vouching.vouched(user.name, connector_from(model["auth_state"]["oauth_user"]))
        self._refusals.forget(user.name)
        self.leaving.cancel(user)

    async def refresh(self, user: User, handler: RequestHandler | None) -> bool | AuthModel:
        """Ask Dex again about somebody who is signed in.

        True: nothing new, or Dex is away and the grace lasts. False: Dex says no, or
        nothing can be asked; they have to sign in. Otherwise what is new.
        """
        if handler is not None and not hasattr(handler, "_token_authenticated"):
            # JupyterHub 6.1 looks at this after a no, also on pages that take no token.
            handler._token_authenticated = False
        if self._refusals.recent(user.name):
            return self._may_finish(user, handler)
        auth_state = await auth_state_of(user)
        try:
            model = await self._ask(user, auth_state)
        except SignInError as error:
            if self._forgives(user.name, auth_state, error):
                return True
            await self._refuse(user, auth_state, error)
            return self._may_finish(user, handler)
        latest = await auth_state_of(user)
        # Another request, or a new login, has saved newer tokens meanwhile: keep those.
        return model if latest.get("refresh_token") == auth_state["refresh_token"] else True

    async def reason_to_go(
        self, user: User, save: SaveModel, *, unclear_is_no: bool = False
    ) -> str | None:
        """Ask Dex at once, and say why somebody may not stay; None if they may.

        What is new about somebody who may stay is given to save. Nobody has to go because
        Dex does not answer; unclear_is_no says whether an answer that may mean a no is one.
        """
        try:
            model = await self._ask(user, await auth_state_of(user))
        except SignInError as error:
            outage = isinstance(error, ProviderUnavailableError)
            if outage and not (unclear_is_no and isinstance(error, UnclearAnswerError)):
                return None
            self._refusals.remember(user.name, self._settings.auth_refresh_age)
            return str(error)
        await save(model, user)
        return None

    async def send_away(self, user: User, grace: float) -> tuple[list[str], float]:
        """Stop somebody's sessions in grace seconds, and let them know.

        Said again, it may become sooner, never later. When is kept: a hub that is restarted
        meanwhile goes on with it. Returns the names of the sessions, and when they stop in
        seconds since the epoch.
        """
        stops_at = time.time() + grace
        if self._settings.enable_auth_state:
            auth_state = await auth_state_of(user)
            if self.leaving.going(user.name):
                stops_at = min(stops_at, auth_state.get("leaving_at", stops_at))
            await user.save_auth_state({**auth_state, "leaving_at": stops_at})
        return self.leaving.begin(user, stops_at), stops_at

    async def _ask(self, user: User, auth_state: AuthState) -> AuthModel:
        """Ask Dex about somebody, once for all who want to know. Raises SignInError."""
        token = auth_state.get("refresh_token")
        if not token:
            raise NoRefreshTokenError(user.name)
        model = await self._refreshes.run(token, lambda: self._renew(user, auth_state, token))
        self.vouched(user, model)
        return model

    async def _may_stay_after_all(self, user: User) -> bool:
        """Ask about somebody who is about to leave; keep the answer if they may stay."""
        try:
            model = await self._ask(user, await auth_state_of(user))
        except SignInError:
            return False
        await user.save_auth_state(model["auth_state"])
        return True

    def _forgives(self, username: str, auth_state: AuthState, error: SignInError) -> bool:
        """Say whether somebody stays signed in although Dex did not vouch for them."""
        if not isinstance(error, ProviderUnavailableError):
            return False
        settings = self._settings
        unclear = isinstance(error, UnclearAnswerError)
        if unclear:
            self._vouching.unclear(username)
        grace = settings.unclear_grace if unclear else settings.outage_grace
        if not outage_is_forgiven(auth_state.get("verified_at"), time.time(), grace):
            settings.log.warning("The grace of %s, %s s, is over", username, grace)
            return False
        settings.log.warning("%s stays signed in meanwhile: %s", username, error)
        return True

    async def _refuse(self, user: User, auth_state: AuthState, error: SignInError) -> None:
        """Remember a no. The sessions of somebody who was removed have to end, too."""
        settings = self._settings
        self._refusals.remember(user.name, settings.auth_refresh_age)
        settings.log.warning("%s has to sign in again: %s", user.name, error)
        if settings.removal_grace is None or self.leaving.going(user.name):
            return
        if error.is_removal or self._is_deleted(user.name, auth_state, error):
            _, stops_at = await self.send_away(user, settings.removal_grace)
            at = time.strftime("%H:%M:%S", time.localtime(stops_at))
            settings.log.warning("Sessions of %s, who was removed, stop at %s", user.name, at)

    def _is_deleted(self, username: str, auth_state: AuthState, error: SignInError) -> bool:
        """Tell somebody who was deleted from a directory that is down."""
        connector = connector_from(auth_state.get("oauth_user", {}))
        unclear = isinstance(error, UnclearAnswerError)
        return unclear and self._vouching.unclear_about_one(username, connector)

    def _may_finish(self, user: User, handler: RequestHandler | None) -> bool:
        """Let somebody who is about to leave go on in their own session, and nowhere else."""
        if not self.leaving.lets_in(user, handler):
            return False
        # JupyterHub notes, as soon as this returns, that it has asked. The next one asks again.
        asyncio.get_running_loop().call_soon(setattr, user, "_auth_refreshed", None)
        return True
