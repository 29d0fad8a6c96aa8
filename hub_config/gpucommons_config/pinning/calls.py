"""HTTP to registries: bounded in time, length and redirects, and careful with credentials."""

import asyncio
import ipaddress
import ssl
from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from gpucommons_config.pinning.errors import LookupFailedError, PinningError, plainly

LONGEST_ANSWER = 4 * 2**20
"""Bytes. The specification has registries take manifests of this length at least."""
_MOST_REDIRECTS = 5
_REDIRECTS = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back in the end, whatever its status. url is what was asked last."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str


class NoTLSError(LookupFailedError):
    """Something answers, and not in TLS."""


class Calls:
    """Sends requests. HTTPS alone, but for the hosts named in plain, as ``HOST`` or ``HOST:PORT``.

    Loopback addresses count as named: nobody listens in between.
    """

    def __init__(self, client: httpx.AsyncClient, seconds: float, plain: Collection[str]) -> None:
        """seconds: how long one request may take, with its redirects."""
        self._client = client
        self._seconds = seconds
        self._plain = frozenset(plain)

    def is_plain(self, host: str) -> bool:
        """Return whether somebody named a host, with its port if it has one, as without TLS."""
        return host in self._plain

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        authorization: str = "",
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send and follow redirects; another host never gets the authorization.

        Raises LookupFailedError if there is no answer that can be used.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(method, url, dict(headers or {}), authorization, form)
        except TimeoutError:
            raise LookupFailedError(
                f"{_host(url)} gave no whole answer within {self._seconds:g} seconds; {_TRY}"
            ) from None

    async def _follow(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        authorization: str,
        form: Mapping[str, str] | None,
    ) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            self._check(url)
            sent = {**headers, "Authorization": authorization} if authorization else headers
            answer = await self._once(method, url, sent, form)
            where = answer.headers.get("Location")
            if form is not None or answer.status not in _REDIRECTS or not where:
                return answer
            target = _joined(url, where)
            if origin(target) != origin(url):
                authorization = ""
            url = target
        raise LookupFailedError(f"{_host(url)} redirects without end")

    def _check(self, url: str) -> None:
        scheme, host = urlsplit(url).scheme, _host(url)
        if scheme == "https" or (scheme == "http" and (self.is_plain(host) or is_loopback(host))):
            return
        if scheme == "http":
            raise LookupFailedError(
                f"{host} would be asked without TLS, where others can read and change what is "
                f"sent; allow that with --plain-http {host}, or set up TLS"
            )
        raise LookupFailedError(
            f"the registry redirects to an address without HTTPS: {plainly(url)}"
        )

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> Answer:
        try:
            async with self._client.stream(method, url, headers=headers, data=form) as response:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > LONGEST_ANSWER:
                        raise LookupFailedError(
                            f"{_host(url)} sends more than {LONGEST_ANSWER >> 20} MiB"
                        )
                return Answer(response.status_code, response.headers, bytes(body), url)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise _no_answer(url, error) from error


def is_loopback(host: str) -> bool:
    """Return whether it is this machine."""
    name = host.partition(":")[0]
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def origin(url: str) -> tuple[str, str, int | None]:
    """Return who answers at an address: scheme, host, port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443}.get(parts.scheme, 80)


def open_client(authorities: Path | None) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """Make a client that trusts the usual authorities, this machine's, and those of a file.

    Loopback addresses are called without the proxy that the environment names, all others
    through it. Raises PinningError for a file or a proxy that cannot be used.
    """
    trust = _trust(authorities)
    direct = httpx.AsyncHTTPTransport(verify=trust)
    near = {f"all://{host}": direct for host in ("localhost", "127.0.0.1")}
    try:
        return httpx.AsyncClient(verify=trust, timeout=None, mounts=near)  # noqa: S113 -- Calls has one
    except (ImportError, ValueError) as error:  # a scheme that httpx does not know, or not alone
        raise PinningError(
            "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names cannot be used: "
            f"{plainly(str(error))} Name one as http://HOST:PORT"
        ) from error


def _trust(authorities: Path | None) -> ssl.SSLContext:
    try:
        trust = httpx.create_ssl_context()
    except OSError as error:
        raise PinningError(
            "the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be used: "
            f"{_why(error)}"
        ) from error
    trust.load_default_certs()
    if authorities:
        try:
            trust.load_verify_locations(authorities)
        except OSError as error:
            raise PinningError(
                f"{authorities}: cannot be used: {_why(error)}. Name a file of certificates in PEM"
            ) from error
    return trust


def _why(error: OSError) -> str:
    return "it holds no PEM" if isinstance(error, ssl.SSLError) else str(error.strerror)


_TRY = "try again, or allow more with --timeout"


def _joined(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        origin(target)
    except ValueError:  # of urllib, for brackets and ports
        raise LookupFailedError(
            f"{_host(url)} redirects to something that is not an address: {plainly(location)}"
        ) from None
    return target


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _no_answer(url: str, error: Exception) -> LookupFailedError:
    host = _host(url)
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return LookupFailedError(
            f"{host} is not trusted: {plainly(cause.verify_message)}; name the certificate of "
            "its authority with --ca-file"
        )
    if isinstance(cause, ssl.SSLError):
        return NoTLSError(
            f"{host} answers without TLS, or does not agree on it ({cause.reason}); allow plain "
            f"HTTP with --plain-http {host}, if that is meant"
        )
    why = plainly(str(error)) or type(error).__name__
    if isinstance(error, httpx.ProxyError):
        return LookupFailedError(
            f"the proxy on the way to {host} does not let us through: {why}; check HTTPS_PROXY, "
            "and whether NO_PROXY should name the registry"
        )
    if isinstance(error, httpx.ConnectError):
        return LookupFailedError(f"{host} does not answer: {why}; check its name and the network")
    return LookupFailedError(f"{host} does not answer in proper HTTP: {why}; is it a registry?")
