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

from gpucommons_authenticator.auth_model import AuthModel
from gpucommons_authenticator.errors import (
    LoginCancelledError,
    NotAllowedError,
    ProviderRefusedError,
    ProviderUnavailableError,
    SignInError,
)
from gpucommons_authenticator.login_attempt import LIFETIME_DAYS, LoginAttempt

COOKIE = "gpucommons-login"
RETRY_AFTER_S = 30
"""What a program that meets the 503 page is told to wait, in seconds."""


class SignInPage(BaseHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Shows a SignInError as a page that a person understands."""

    next_url: str | None = None
    """The page first asked for, as a path on this hub; kept for the next try."""

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
        self.next_url = self._get_next_url()
        try:
            metadata = await self.authenticator.live_metadata()
        except SignInError as error:
            await self.show_problem(error)
            return
        attempt = LoginAttempt.begin(self.next_url)
        wanted = self.get_argument("connector", "")
        try:
            query = self.authenticator.authorize_parameters(self, attempt, wanted)
        except SignInError as error:
            await self.show_problem(error)
            return
        self._set_cookie(
            COOKIE,
            attempt.to_cookie(),
            path=self.hub.base_url,
            expires_days=LIFETIME_DAYS,
            samesite="Lax",  # Dex leads back with a link, which Lax lets through
        )
        self.redirect(url_concat(metadata.authorization_endpoint, query))


class CallbackHandler(SignInPage, OAuthCallbackHandler):  # type: ignore[misc]
    """Takes the browser back from Dex."""

    attempt: LoginAttempt
    code: str

    async def get(self) -> None:
        """Check the answer, sign in, go on to the page first asked for."""
        try:
            self._read_answer()
            user = await self.login_user()
            if user is None:
                # Blocked, or a name that JupyterHub itself refuses; its log says which.
                raise NotAllowedError("this account", self.authenticator.custom_403_message)
        except SignInError as error:
            await self.show_problem(error)
            return
        self.redirect(self.get_next_url(user))

    async def auth_to_user(self, authenticated: AuthModel, user: User | None = None) -> User:
        """Keep a login, as JupyterHub does, or the renewal of another person's."""
        if user is not None:
            return await super().auth_to_user(authenticated, user)
        return await self.authenticator.save_login(self, authenticated, super().auth_to_user)

    def _read_answer(self) -> None:
        """Keep the login and the code. Raises SignInError."""
        cookie = self.get_secure_cookie(COOKIE, max_age_days=LIFETIME_DAYS)
        self.attempt = LoginAttempt.from_cookie(cookie, self.get_argument("state", ""))
        self.next_url = self.attempt.next_url
        # Only now: an answer to another tab's login leaves this one alone.
        self.clear_cookie(COOKIE, path=self.hub.base_url)
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

    Running sessions go on, and so does what renews their rights.
    """

    _elsewhere: str | None = None

    async def handle_logout(self) -> None:
        """Forget a login that was begun in this browser; ask where else there is one to end."""
        self.clear_cookie(COOKIE, path=self.hub.base_url)
        # Dex leads back here, where nobody is signed in then.
        if isinstance(self.current_user, User):
            self._elsewhere = await self.authenticator.end_session_url(self, self.current_user)

    async def render_logout_page(self) -> None:
        """Say that it worked, and what goes on."""
        if onward := self._elsewhere or self.authenticator.logout_redirect_url:
            self.redirect(onward)
            return
        self.finish(await self.render_template("signed_out.html"))
