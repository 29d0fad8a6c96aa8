"""What a browser keeps, in a signed cookie, between leaving for Dex and coming back."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass

from gpucommons_authenticator.errors import LoginExpiredError

LIFETIME_DAYS = 1 / 24
"""An hour: time to find a password, too short for a forgotten tab."""


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """One login: state and nonce tie the answer to this browser, the verifier the code to us.

    next_url is the page to go to afterwards, already reduced to a path on this hub.
    """

    state: str
    nonce: str
    code_verifier: str
    next_url: str | None

    @classmethod
    def begin(cls, next_url: str | None) -> "LoginAttempt":
        """Start a login with fresh secrets of 32 random bytes each."""
        state, nonce, code_verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, code_verifier, next_url)

    @classmethod
    def from_cookie(cls, cookie: bytes | None, state: str) -> "LoginAttempt":
        """Read the cookie back and check that the answer's state is its own.

        Raises LoginExpiredError.
        """
        if not cookie:
            raise LoginExpiredError("no login cookie, or an expired one")
        try:
            attempt = cls(**json.loads(cookie))
        except (ValueError, TypeError) as error:
            raise LoginExpiredError("a login cookie of another version") from error
        if not hmac.compare_digest(attempt.state.encode(), state.encode()):
            raise LoginExpiredError("the state is not that of this browser's login")
        return attempt

    def to_cookie(self) -> str:
        """Write what from_cookie reads. The cookie has to be signed by the hub."""
        return json.dumps(asdict(self))

    def authorize_parameters(self) -> dict[str, str]:
        """Return this login's share of the query to the authorization endpoint."""
        digest = hashlib.sha256(self.code_verifier.encode()).digest()
        return {
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
