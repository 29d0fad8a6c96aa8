"""An issuer that signs what a test asks for, spoken to without a network."""

import time
from dataclasses import dataclass, field

import pytest
from gpucommons_authenticator import DexOAuthenticator
from gpucommons_authenticator.errors import ProviderUnavailableError
from gpucommons_authenticator.provider.http_client import Answer
from gpucommons_authenticator.provider.id_token import Claims
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

ISSUER = "https://hub.example.org/dex"
CLIENT = "gpucommons"


def good_claims() -> Claims:
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "ada-1",
        "iat": now,
        "exp": now + 3600,
        "nonce": "the-nonce",
        "email": "Ada@example.org",
        "email_verified": True,
        "groups": ["vision", "staff"],
    }


class Person:
    """As much of jupyterhub.user.User as refresh_user looks at."""

    def __init__(self, auth_state, name="ada@example.org"):
        self.auth_state, self.name = auth_state, name
        self.spawners = {}

    @property
    def encrypted_auth_state(self):
        return None if self.auth_state is None else b"encrypted"

    async def get_auth_state(self):
        return self.auth_state

    async def save_auth_state(self, auth_state):
        self.auth_state = auth_state


@dataclass
class Issuer:
    """Answers what HTTPClient would bring back from Dex; counts who asked for what."""

    key: RSAKey
    claims: Claims = field(default_factory=good_claims)
    down: bool = False
    token_answer: Answer | None = None
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)

    @property
    def keys(self) -> KeySet:
        return KeySet([RSAKey.import_key(self.key.as_dict(private=False))])

    def sign(self, claims: Claims | None = None, **header: object) -> str:
        header = {"alg": "RS256", "kid": self.key.kid, **header}
        return jwt.encode(header, self.claims if claims is None else claims, self.key)

    async def get(self, url: str) -> Answer:
        self._record(url)
        if url.endswith("/keys"):
            return Answer(200, dict(self.keys.as_dict()))
        return Answer(
            200,
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/auth",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
            },
        )

    async def post_form(self, url: str, fields: dict[str, str], headers: object) -> Answer:
        self._record(url)
        self.forms.append(fields)
        if self.token_answer:
            return self.token_answer
        number = len(self.forms)
        tokens = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}
        return Answer(200, {**tokens, "id_token": self.sign()})

    def _record(self, url: str) -> None:
        self.asked.append(url.removeprefix(ISSUER))
        if self.down:
            raise ProviderUnavailableError(f"{url} did not answer: refused")


@pytest.fixture(scope="session")
def rsa_keys() -> list[RSAKey]:
    return [RSAKey.generate_key(2048, auto_kid=True) for _ in range(2)]


@pytest.fixture
def issuer(rsa_keys) -> Issuer:
    return Issuer(rsa_keys[0])


@pytest.fixture
def authenticator(issuer):
    authenticator = DexOAuthenticator(
        issuer=ISSUER, client_id="gpucommons", client_secret="s", allowed_groups={"vision"},
        admin_groups={"staff"}, admin_users=set(),
    )  # fmt: skip
    authenticator.__dict__["_http"] = issuer
    return authenticator


@pytest.fixture
def ada(issuer):
    return Person(
        {
            "refresh_token": "refresh-0",
            "oauth_user": dict(issuer.claims),
            "verified_at": time.time() - 600,
        }
    )
