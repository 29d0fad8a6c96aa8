"""What Dex publishes about itself: its endpoints and its signing keys."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from gpucommons_authenticator.errors import ProviderUnavailableError
from gpucommons_authenticator.provider.http_client import Answer, HTTPClient

MAX_AGE_S = 3600.0
"""Metadata and keys are fetched again after this long: a withdrawn key is gone by then."""
KEY_REFETCH_INTERVAL_S = 10.0
"""Unknown keys make us ask for the key set again, but not more often than this."""

_ASYMMETRIC_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProviderMetadata:
    """The part of the discovery document that is used here.

    https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class _Cached(Generic[T]):
    value: T
    fetched: float

    def younger_than(self, seconds: float, now: float) -> bool:
        return now - self.fetched < seconds


class Provider:
    """Dex's metadata and keys, fetched when needed and kept for a while."""

    def __init__(
        self, issuer: str, http: HTTPClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._http = http
        self._clock = clock
        self._metadata: _Cached[ProviderMetadata] | None = None
        self._keys: _Cached[KeySet] | None = None
        self._rotation_seen = float("-inf")

    async def metadata(self) -> ProviderMetadata:
        """Return the endpoints, at most MAX_AGE_S old. Raises ProviderUnavailableError."""
        if self._metadata and self._metadata.younger_than(MAX_AGE_S, self._clock()):
            return self._metadata.value
        return await self.live_metadata()

    async def live_metadata(self) -> ProviderMetadata:
        """Ask Dex again for its endpoints. Raises ProviderUnavailableError.

        A browser is sent away only to a Dex that answers: otherwise the person
        would face the browser's own error page.
        """
        url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        metadata = parse_metadata(self._issuer, url, await self._http.get(url))
        self._metadata = _Cached(metadata, self._clock())
        return metadata

    async def keys(self) -> KeySet:
        """Return the signing keys, at most MAX_AGE_S old. Raises ProviderUnavailableError."""
        if self._keys and self._keys.younger_than(MAX_AGE_S, self._clock()):
            return self._keys.value
        return await self._fetch_keys()

    async def keys_after_rotation(self) -> KeySet:
        """Return the signing keys, asked for again unless that was done a moment ago."""
        if self._clock() - self._rotation_seen < KEY_REFETCH_INTERVAL_S:
            return await self.keys()
        self._rotation_seen = self._clock()
        return await self._fetch_keys()

    async def _fetch_keys(self) -> KeySet:
        url = (await self.metadata()).jwks_uri
        keys = parse_keys(url, await self._http.get(url))
        self._keys = _Cached(keys, self._clock())
        return keys


def parse_metadata(issuer: str, url: str, answer: Answer) -> ProviderMetadata:
    """Check a discovery document. Raises ProviderUnavailableError saying what is wrong with it."""
    if answer.status != 200:
        raise ProviderUnavailableError(
            f"{url} answered {answer.status} instead of a discovery document"
        )
    if answer.body.get("issuer") != issuer:
        raise ProviderUnavailableError(
            f"{url} names the issuer {answer.body.get('issuer')!r}, but "
            f"DexOAuthenticator.issuer is {issuer!r}: make both the same, to the letter"
        )
    return ProviderMetadata(
        issuer=issuer,
        authorization_endpoint=_endpoint(issuer, url, answer, "authorization_endpoint"),
        token_endpoint=_endpoint(issuer, url, answer, "token_endpoint"),
        jwks_uri=_endpoint(issuer, url, answer, "jwks_uri"),
        # Dex 2.45 has none.
        end_session_endpoint=_endpoint(issuer, url, answer, "end_session_endpoint")
        if "end_session_endpoint" in answer.body
        else None,
    )


def _endpoint(issuer: str, url: str, answer: Answer, name: str) -> str:
    endpoint = answer.body.get(name)
    schemes = {"https"} if issuer.startswith("https:") else {"http", "https"}
    if not isinstance(endpoint, str) or urlsplit(endpoint).scheme not in schemes:
        raise ProviderUnavailableError(f"{url} has no usable {name}: {endpoint!r}")
    return endpoint


def parse_keys(url: str, answer: Answer) -> KeySet:
    """Keep the public signing keys of a JWKS. Raises ProviderUnavailableError when there is none.

    Symmetric keys are left out: nobody who publishes a key can sign with it.
    """
    listed = answer.body.get("keys")
    if answer.status != 200 or not isinstance(listed, list):
        raise ProviderUnavailableError(f"{url} answered {answer.status} instead of a key set")
    keys = [key for entry in listed if (key := _signing_key(entry)) is not None]
    if not keys:
        raise ProviderUnavailableError(f"{url} lists no key that signatures can be checked with")
    return KeySet(keys)


def _signing_key(entry: object) -> Key | None:
    """Import one key of a JWKS; None for one of another kind or a broken one."""
    if not isinstance(entry, dict) or entry.get("kty") not in _ASYMMETRIC_KEY_TYPES:
        return None
    if entry.get("use", "sig") != "sig":
        return None
    try:
        return JWKRegistry.import_key(entry)
    except (JoseError, ValueError):
        return None
