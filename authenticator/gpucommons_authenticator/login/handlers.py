"""The three pages of signing in and out, and the page that says what went wrong."""

from jupyterhub.handlers import BaseHandler
from jupyterhub.user import User
from jupyterhub.utils import url_path_join
from oauthenticator.oauth2 import (
    OAuthCallbackHandler,
    OAuthLoginHandler,
    OAuthLogoutHandler,
)
from tornado.httputil import url_concat

from gpucommons_authenticator.errors import (
    LoginCancelledError,
    LoginExpiredError,
    NotAllowedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    SignInError,
)
from gpucommons_authenticator.identity.auth_model import AuthModel
from gpucommons_authenticator.login.hub_pages import at_address, page_on_hub
from gpucommons_authenticator.login.login_attempt import (
    LIFETIME_S,
    LoginAttempt,
    cookie_name,
    login_cookies,
    next_url_of,
    too_many,
)

_DAY_S = 86400
_MOVED = "moved"
"""Argument of a login page that was led to the right address: it is not led on for ever."""
_SAYS_NOTHING = (LoginExpiredError, ProviderRefusedError, ProviderUnavailableError)
"""What another try at signing in may end with, without a word about the person."""
RETRY_AFTER_S = 30
"""How long a program that gets the 503 page should wait, in seconds."""


class SignInPage(BaseHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Shows a SignInError as a page that a person understands."""

    next_url: str | None = None
    """The page first asked for, as a path on this hub; kept for the next try."""

    def login_cookie(self, name: str) -> bytes | None:
        """Return what the hub wrote into a login's cookie, at most LIFETIME_S ago."""
        cookie: bytes | None = self.get_secure_cookie(name, max_age_days=LIFETIME_S / _DAY_S)
        return cookie

    async def lead_on(self, error: SignInError) -> None:
        """Lead anybody who is signed in already to the page asked for; show others the problem."""
        if isinstance(self.current_user, User) and isinstance(error, _SAYS_NOTHING):
            self.log.info("Signed in already, so this does not matter: %s", error)
            self.redirect(self.next_url or self.get_next_url(self.current_user))
            return
        await self.show_problem(error)

    async def show_problem(self, error: SignInError) -> None:
        """Log for the operator, render for the person, offer another try."""
        self.log.warning("Sign-in failed: %s", error)
        self.set_status(error.status)
        self.set_header("Cache-Control", "no-store")
        if isinstance(error, ProviderUnavailableError):
            self.set_header("Retry-After", str(RETRY_AFTER_S))
        retry_url = url_path_join(self.hub.base_url, "login")
        if self.next_url:
            retry_url = url_concat(retry_url, {"next": self.next_url})
        page = await self.render_template(
            "sign_in_problem.html", title=error.title, advice=error.advice, retry_url=retry_url
        )
        self.finish(page)


class LoginHandler(SignInPage, OAuthLoginHandler):  # type: ignore[misc]
    """Sends the browser to Dex, if Dex answers."""

    async def get(self) -> None:
        """Begin a login and redirect to Dex's authorization endpoint."""
        self.next_url = page_on_hub(self.get_argument("next", ""))
        if elsewhere := self._elsewhere():
            self.redirect(elsewhere)
            return
        attempt = LoginAttempt.begin(self.next_url)
        try:
            metadata = await self.authenticator.live_metadata()
            query = self.authenticator.authorize_parameters(
                self, attempt, self.get_argument("connector", "")
            )
        except SignInError as error:
            await self.lead_on(error)
            return
        self._keep(attempt)
        self.redirect(url_concat(metadata.authorization_endpoint, query))

    def _elsewhere(self) -> str | None:
        """Return this page at the address where the login will end, if the browser is elsewhere.

        There, Dex's answer finds the cookie: with localhost for 127.0.0.1 it would not.
        """
        if self.get_argument(_MOVED, ""):
            return None
        callback = self.authenticator.get_callback_url(self)
        page = at_address(callback, self.request.host, self.request.path)
        kept = {"next": self.next_url or "", "connector": self.get_argument("connector", "")}
        return page and str(url_concat(page, {**kept, _MOVED: "1"}))

    def _keep(self, attempt: LoginAttempt) -> None:
        """Set the login's cookie, and forget those of logins begun long ago."""
        names = login_cookies(self.request.cookies)
        for name in too_many({name: self.login_cookie(name) for name in names}):
            self.clear_cookie(name, path=self.hub.base_url)
        self._set_cookie(
            cookie_name(attempt.state),
            attempt.to_cookie(),
            path=self.hub.base_url,
            expires_days=None,
            max_age=LIFETIME_S,  # counted by the browser: its clock may be wrong
            samesite="Lax",  # Dex leads back with a link, which Lax lets through
        )


class CallbackHandler(SignInPage, OAuthCallbackHandler):  # type: ignore[misc]
    """Takes the browser back from Dex."""

    attempt: LoginAttempt
    code: str

    async def get(self) -> None:
        """Check the answer, sign in, continue to the page first asked for.

        Somebody who is signed in already, and opens an old answer again, continues too.
        """
        try:
            self._read_answer()
            user = await self.login_user()
            if user is None:
                # Blocked, or a name that JupyterHub itself refuses; its log says which.
                raise NotAllowedError("this account", self.authenticator.custom_403_message)
        except SignInError as error:
            await self.lead_on(error)
            return
        self.redirect(self.get_next_url(user))

    async def auth_to_user(self, authenticated: AuthModel, user: User | None = None) -> User:
        """Keep a login, as JupyterHub does, or the renewal of another person's."""
        if user is not None:
            return await super().auth_to_user(authenticated, user)
        return await self.authenticator.save_login(self, authenticated, super().auth_to_user)

    def _read_answer(self) -> None:
        """Keep the login and the code. Raises SignInError."""
        state = self.get_argument("state", "")
        self.next_url = next_url_of(state)
        name = cookie_name(state)
        self.attempt = LoginAttempt.from_cookie(self.login_cookie(name), state)
        # Only now: an answer to another tab's login leaves this one alone.
        self.clear_cookie(name, path=self.hub.base_url)
        if denial := self.get_argument("error", ""):
            raise LoginCancelledError(f"Dex sent the browser back with the error {denial[:40]!a}")
        self.code = self.get_argument("code", "")
        if not self.code:
            raise ProviderRefusedError("Dex sent the browser back without a code")

    def get_next_url(self, user: User | None = None) -> str:
        """Return the page first asked for, else JupyterHub's own choice."""
        return self.next_url or str(BaseHandler.get_next_url(self, user))


class LogoutHandler(OAuthLogoutHandler):  # type: ignore[misc]
    """Signs out of the hub, and of Dex where it has sessions of its own.

    Running sessions continue, and so does what renews their rights.
    """

    _elsewhere: str | None = None

    async def handle_logout(self) -> None:
        """Forget logins that were begun in this browser; ask where else there is one to end."""
        for name in login_cookies(self.request.cookies):
            self.clear_cookie(name, path=self.hub.base_url)
        # Dex leads back here, where nobody is signed in then.
        if isinstance(self.current_user, User):
            self._elsewhere = await self.authenticator.end_session_url(self, self.current_user)

    async def render_logout_page(self) -> None:
        """Say that it worked, and what continues."""
        if onward := self._elsewhere or self.authenticator.logout_redirect_url:
            self.redirect(onward)
            return
        self.finish(await self.render_template("signed_out.html"))
