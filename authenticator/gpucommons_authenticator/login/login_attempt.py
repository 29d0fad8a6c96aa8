"""What a browser keeps, in a signed cookie, between leaving for Dex and coming back.

Each login has a cookie of its own, named after its state: several tabs may sign in at once.
Where the person wanted to go travels in the state, so that it is known when the cookie is not.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from gpucommons_authenticator.errors import LoginExpiredError
from gpucommons_authenticator.login.hub_pages import packed, unpacked

LIFETIME_S = 3600
"""An hour: time to find a password, too short for a forgotten tab."""
MOST_AT_ONCE = 8
"""Logins that one browser may have begun, so that its cookies stay small."""
PREFIX = "gpucommons-login-"
_ID_LENGTH = 16


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """One login: state and nonce tie the answer to this browser, the verifier the code to us.

    begun_at is in seconds since the epoch. next_url is the page to go to afterwards, already
    reduced to a path on this hub; it is not in the cookie.
    """

    secret: str
    nonce: str
    code_verifier: str
    begun_at: int
    next_url: str | None

    @classmethod
    def begin(cls, next_url: str | None) -> "LoginAttempt":
        """Start a login with fresh secrets of 32 random bytes each."""
        secret, nonce, code_verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(secret, nonce, code_verifier, int(time.time()), next_url)

    @classmethod
    def from_cookie(cls, cookie: bytes | None, state: str) -> "LoginAttempt":
        """Read the cookie back and check that the answer's state is its own.

        Raises LoginExpiredError.
        """
        if not cookie:
            raise LoginExpiredError("no login cookie, or an expired one")
        try:
            attempt = cls(**json.loads(cookie), next_url=next_url_of(state))
        except (ValueError, TypeError) as error:
            raise LoginExpiredError("a login cookie of another version") from error
        if not hmac.compare_digest(attempt.secret.encode(), state.partition(".")[0].encode()):
            raise LoginExpiredError("the state is not that of this browser's login")
        return attempt

    @property
    def state(self) -> str:
        """What Dex sends back as it is."""
        return f"{self.secret}.{packed(self.next_url)}"

    def to_cookie(self) -> str:
        """Write what from_cookie reads. The cookie must be signed by the hub."""
        kept = asdict(self)
        del kept["next_url"]
        return json.dumps(kept)

    def authorize_parameters(self) -> dict[str, str]:
        """Return this login's share of the query to the authorization endpoint."""
        digest = hashlib.sha256(self.code_verifier.encode()).digest()
        return {
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }


def next_url_of(state: str) -> str | None:
    """Return the page that a state says was asked for: a path on this hub, not to be trusted."""
    return unpacked(state.partition(".")[2])


def cookie_name(state: str) -> str:
    """Return the name of the cookie of the login with this state."""
    return PREFIX + "".join(
        each for each in state[:_ID_LENGTH] if each.isascii() and each.isalnum()
    )


def login_cookies(names: Iterable[str]) -> list[str]:
    """Return those of a browser's cookies that are of logins."""
    return [name for name in names if name.startswith(PREFIX)]


def too_many(cookies: Mapping[str, bytes | None]) -> list[str]:
    """Return which logins, by the names of their cookies, to forget when one more begins.

    cookies are all of a browser that are of logins, None where one is no longer genuine.
    """
    newest = sorted(cookies, key=lambda name: _begun_at(cookies[name]), reverse=True)
    kept = [name for name in newest if _begun_at(cookies[name])][: MOST_AT_ONCE - 1]
    return [name for name in newest if name not in kept]


def _begun_at(cookie: bytes | None) -> int:
    try:
        return int(json.loads(cookie or b"{}")["begun_at"])
    except (ValueError, TypeError, KeyError):
        return 0
