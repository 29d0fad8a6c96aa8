"""Whether somebody who signed in may stay: asked at refresh, and when an administrator wants it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from jupyterhub.handlers import BaseHandler
from jupyterhub.user import User
from tornado.web import RequestHandler

from gpucommons_authenticator.access.departures import Departures, Verdict
from gpucommons_authenticator.access.lost_answers import LostAnswers
from gpucommons_authenticator.access.outage_detector import OutageDetector
from gpucommons_authenticator.access.refusals import Refusals
from gpucommons_authenticator.access.turns import Turns
from gpucommons_authenticator.errors import (
    BlockedError,
    NoRefreshTokenError,
    ProviderUnavailableError,
    SignInError,
    UnclearAnswerError,
)
from gpucommons_authenticator.identity.auth_model import (
    AuthModel,
    AuthState,
    Because,
    SaveModel,
    auth_state_of,
    never_signed_in,
)
from gpucommons_authenticator.identity.settings import DexSettings
from gpucommons_authenticator.provider.id_token import connector_from
from gpucommons_authenticator.provider.refresh_once import RefreshOnce, outage_is_forgiven

_SHORTEST_WITHIN_S = 60.0

Renew = Callable[[User, AuthState, str], Coroutine[Any, Any, AuthModel]]
"""Trades a refresh token for what is true of somebody now. Raises SignInError."""


class AccessRecheck:
    """Asks Dex about people, and lets its answers take effect."""

    def __init__(self, settings: DexSettings, renew: Renew, turns: Turns) -> None:
        self._settings = settings
        self._renew = renew
        self._turns = turns
        self._refreshes: RefreshOnce[AuthModel] = RefreshOnce()
        self._refusals = Refusals()
        # Others who are active are asked about once in auth_refresh_age; twice that is "just".
        within = max(2.0 * settings.auth_refresh_age, _SHORTEST_WITHIN_S)
        self._outages = OutageDetector(within)
        self._answers = LostAnswers(settings.auth_refresh_age)
        self._unrenewable: set[str] = set()
        self._saved_at: dict[str, float] = {}
        self._following: dict[str, str | None] = {}
        """By a refresh token that is spent, the next one, where that could not be saved."""
        self.departures = Departures(self._verdict, settings.log)

    def signed_in(self, user: User) -> None:
        """Forget every no: somebody has just signed in."""
        self._outages.signed_in(user.name)
        self._may_stay(user)

    def cannot_be_renewed(self, user: User, auth_state: AuthState) -> None:
        """Note a login without a refresh token, for the log and for the login page."""
        lifetime = self._settings.login_lifetime
        connector = connector_from(auth_state["oauth_user"])
        self._unrenewable.add(connector or "")
        self._settings.log.warning(
            "Dex gave no refresh token of %s, who came through the connector %s: it cannot be "
            "asked about them again, and this sign-in counts for login_lifetime, %s s",
            user.name,
            connector,
            lifetime,
        )

    def is_renewable(self, connector: str) -> bool:
        """Say whether Dex can be asked again, as far as is known, about people who come this way.

        Without a connector: about everybody.
        """
        unrenewable = connector in self._unrenewable if connector else self._unrenewable
        return not unrenewable and "offline_access" in self._settings.scope

    async def refresh(self, user: User, handler: RequestHandler | None) -> bool | AuthModel:
        """Ask Dex again about somebody who is signed in.

        True: nothing new, or Dex is away and the grace lasts, or what is new is saved already.
        False: Dex says no, or a sign-in about which nothing can be asked is over; they must
        sign in. Otherwise what is new.
        """
        if handler is not None and not hasattr(handler, "_token_authenticated"):
            # JupyterHub 6.1 looks at this after a no, also on pages that take no token.
            handler._token_authenticated = False  # type: ignore[attr-defined]
        if self._refusals.recent(user.name):
            return self._may_finish(user, handler)
        entered = time.monotonic()
        auth_state = await self._kept(user)
        if self._saved_at.get(user.name, float("-inf")) >= entered:
            return True  # another request has asked, and saved, while this one waited for its turn
        if not auth_state and never_signed_in(user):
            return user.name not in self._settings.blocked_users
        return await self._asked_about(user, auth_state, handler)

    async def _asked_about(
        self, user: User, auth_state: AuthState, handler: RequestHandler | None
    ) -> bool | AuthModel:
        try:
            model = await self._ask(user, auth_state)
        except SignInError as error:
            if not _is_same_login(await self._kept(user), auth_state):
                return True  # somebody signed in meanwhile: the answer is about an older login
            if self._forgives(user.name, auth_state, error):
                if not isinstance(error, UnclearAnswerError | NoRefreshTokenError):
                    self._answers.lost(user)
                return True
            await self._refuse(user, error)
            return self._may_finish(user, handler)
        return await self._taken_over(user, auth_state, model, handler)

    async def reason_to_go(
        self, user: User, save: SaveModel, *, unclear_is_no: bool = False
    ) -> str | None:
        """Ask Dex at once, and say why somebody may not stay; None if they may.

        What is new about somebody who may stay is given to save. Nobody has to go because
        Dex does not answer, or cannot be asked; unclear_is_no says whether what may mean a no
        is one.
        """
        auth_state = await self._kept(user)
        try:
            model = await self._ask(user, auth_state, again=True)
        except SignInError as error:
            unknown = isinstance(error, ProviderUnavailableError | NoRefreshTokenError)
            unclear = isinstance(error, UnclearAnswerError | NoRefreshTokenError)
            if unknown and not (unclear_is_no and unclear):
                return None
            self._refusals.remember(user.name, self._settings.auth_refresh_age)
            return str(error)
        await self._save(user, auth_state, model, save)
        return None

    async def send_away(
        self, user: User, grace: float, because: Because = Because.TOLD
    ) -> tuple[list[str], float]:
        """Stop somebody's sessions in grace seconds, and let them know.

        Said again, it may become sooner, never later. When is kept: a hub that is restarted
        meanwhile continues with it. Returns the names of the sessions, and when they stop in
        seconds since the epoch.
        """
        stops_at = time.time() + grace
        if self._settings.enable_auth_state:
            async with self._turns.of(user.name):
                auth_state = await auth_state_of(user)
                if self.departures.going(user.name):
                    stops_at = min(stops_at, auth_state.get("leaving_at", stops_at))
                kept = AuthState(leaving_at=stops_at, leaving_because=because.value)
                await user.save_auth_state({**auth_state, **kept})
        return self.departures.begin(user, stops_at, because), stops_at

    async def _kept(self, user: User) -> AuthState:
        """Read what is kept, in turn: with several keys JupyterHub writes when it reads."""
        async with self._turns.of(user.name):
            return await auth_state_of(user)

    async def _taken_over(
        self, user: User, asked: AuthState, model: AuthModel, handler: RequestHandler | None
    ) -> bool | AuthModel:
        """Save what is new, in turn, as JupyterHub would without one; without a page return it."""
        if isinstance(handler, BaseHandler):
            await self._save(user, asked, model, handler.auth_to_user)
            return True
        latest = await self._kept(user)
        return model if latest.get("refresh_token") == asked["refresh_token"] else True

    async def _save(self, user: User, asked: AuthState, model: AuthModel, save: SaveModel) -> None:
        """Save what is new, unless another request, or a new login, has saved newer tokens."""
        async with self._turns.of(user.name):
            latest = await auth_state_of(user)
            same_token = latest.get("refresh_token") == asked.get("refresh_token")
            if same_token and _is_same_login(latest, asked):
                # Whoever comes from now on need not ask, though it takes a moment to save.
                user._auth_refreshed = self._saved_at[user.name] = time.monotonic()
                await self._saved(user, latest, model, save)

    async def _saved(self, user: User, asked: AuthState, model: AuthModel, save: SaveModel) -> None:
        """Save what is new. Where that fails, the next one to ask does it with what is new then."""
        spent = asked.get("refresh_token") or ""
        try:
            await save(model, user)
        except Exception:
            user._auth_refreshed = None
            del self._saved_at[user.name]
            self._following[spent] = model["auth_state"]["refresh_token"]
            raise
        self._following.pop(spent, None)

    async def _ask(self, user: User, auth_state: AuthState, *, again: bool = False) -> AuthModel:
        """Ask Dex about somebody, once for all who want to know. Raises SignInError.

        again: what it said until now does not count.
        """
        if user.name in self._settings.blocked_users:
            raise BlockedError(user.name)
        token = auth_state.get("refresh_token")
        token = self._following.get(token, token) if token else token
        if not token:
            raise NoRefreshTokenError(user.name)
        if again:
            await self._refreshes.forget(token)
            token = self._following.get(token) or token
        model = await self._refreshes.run(token, lambda: self._look(user, auth_state, token))
        self._may_stay(user)
        return model

    async def _look(self, user: User, auth_state: AuthState, token: str) -> AuthModel:
        """Ask Dex, and keep in mind what its answer says of the directory behind it."""
        connector = connector_from(auth_state.get("oauth_user", {}))
        try:
            model = await self._renew(user, auth_state, token)
        except UnclearAnswerError:
            # Somebody who was never renewed may come through a connector that can renew nobody.
            self._outages.unclear(user.name, connector if "renewed_at" in auth_state else None)
            raise
        self._outages.renewed(user.name, connector)
        return model

    def _may_stay(self, user: User) -> None:
        self._answers.came(user)
        self._refusals.forget(user.name)
        self.departures.cancel(user)

    async def _verdict(self, user: User, because: Because, since: float) -> Verdict:
        """Ask about somebody whose grace is over; what is new is kept if they may stay.

        since is when the grace was over, by the monotonic clock.
        """
        auth_state = await self._kept(user)
        try:
            model = await self._ask(user, auth_state)
        except ProviderUnavailableError as error:
            unclear = isinstance(error, UnclearAnswerError)
            gone = unclear and self._outages.is_deleted(user.name, since)
            return Verdict.GO if gone or because is Because.TOLD else Verdict.UNKNOWN
        except SignInError as error:
            # A login that has run out says nothing of somebody who was thought deleted.
            stays = because is Because.UNCLEAR and not error.is_removal
            return Verdict.STAY if stays else Verdict.GO
        await self._save(
            user, auth_state, model, lambda new, its: its.save_auth_state(new["auth_state"])
        )
        user._auth_refreshed = None  # groups are for the next request
        return Verdict.STAY

    def _forgives(self, username: str, auth_state: AuthState, error: SignInError) -> bool:
        """Say whether somebody stays signed in although Dex did not vouch for them."""
        settings, verified_at = self._settings, auth_state.get("verified_at")
        if isinstance(error, NoRefreshTokenError):
            return outage_is_forgiven(verified_at, time.time(), settings.login_lifetime)
        if not isinstance(error, ProviderUnavailableError):
            return False
        unclear = isinstance(error, UnclearAnswerError)
        grace = settings.unclear_grace if unclear else settings.outage_grace
        if not outage_is_forgiven(verified_at, time.time(), grace):
            settings.log.warning("The grace of %s, %s s, is over", username, grace)
            return False
        settings.log.warning("%s stays signed in meanwhile: %s", username, error)
        return True

    async def _refuse(self, user: User, error: SignInError) -> None:
        """Remember a no. The sessions of somebody who was removed must end too."""
        settings = self._settings
        self._refusals.remember(user.name, settings.auth_refresh_age)
        settings.log.warning("%s must sign in again: %s", user.name, error)
        unclear = isinstance(error, UnclearAnswerError)
        removed = error.is_removal or (unclear and self._outages.is_deleted(user.name))
        if settings.removal_grace is None or self.departures.going(user.name) or not removed:
            return
        because = Because.UNCLEAR if unclear else Because.REFUSED
        _, stops_at = await self.send_away(user, settings.removal_grace, because)
        at = time.strftime("%H:%M:%S", time.localtime(stops_at))
        settings.log.warning("Sessions of %s, who was removed, stop at %s", user.name, at)

    def _may_finish(self, user: User, handler: RequestHandler | None) -> bool:
        """Let somebody who is about to leave use their own session, and nothing else."""
        if not self.departures.lets_in(user, handler):
            return False
        # JupyterHub notes, as soon as this returns, that it has asked. The next one asks again.
        asyncio.get_running_loop().call_soon(setattr, user, "_auth_refreshed", None)
        return True


def _is_same_login(one: AuthState, other: AuthState) -> bool:
    """Say whether Dex has not vouched for somebody in between."""
    return one.get("verified_at") == other.get("verified_at")
