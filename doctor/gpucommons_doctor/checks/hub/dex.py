"""Whether people can sign in through Dex, judged by what Dex publishes about itself."""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import httpx
from gpucommons_authenticator.errors import ProviderUnavailableError
from gpucommons_authenticator.provider.discovery import parse_keys, parse_metadata
from gpucommons_authenticator.provider.http_client import Answer
from gpucommons_authenticator.provider.id_token import SIGNING_ALGORITHMS
from gpucommons_contract.formats.wording import moment, rough_span
from gpucommons_people.clients.cluster import Cluster

from gpucommons_doctor.check import Check
from gpucommons_doctor.finding import Finding, State, fault, good, unknown, warning
from gpucommons_doctor.trust import refused_certificate, trusting

_NEEDED = frozenset({"openid", "email", "profile", "groups"})
_REFRESHING = "offline_access"
"""Scopes that the hub asks for (`DexOAuthenticator.scope`). Dex publishes these five; groups come
with the scope and are not among its claims_supported. Source: server/handlers.go of
https://github.com/dexidp/dex
"""
CLOCK_LEEWAY = timedelta(seconds=120)
"""What the hub forgives (`DexOAuthenticator.clock_leeway`)."""
RENEW_BEFORE = timedelta(days=14)
"""cert-manager renews a certificate of 90 days 30 days before its end; half of that is late."""
_TIMEOUT_S = 10.0
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of Dex, with its clock and ours. expires is the end of its certificate."""

    answer: Answer
    read_at: datetime
    date: datetime | None = None
    expires: datetime | None = None


class Dex(Check):
    """Reads Dex's discovery document and keys, as the hub does."""

    name: ClassVar[str] = "dex"
    question: ClassVar[str] = "Can people sign in through Dex?"

    def __init__(self, issuer: str, ca: Path | None = None) -> None:
        """issuer: as the hub is set to, or empty. ca: file of the certificates to trust."""
        self._issuer, self._ca = issuer, ca

    async def run(self, cluster: Cluster) -> list[Finding]:  # noqa: ARG002 -- Dex is asked itself
        """Ask Dex, from where this runs, trusting what the hub trusts."""
        if not self._issuer:
            advice = "Name its address with --issuer, or the hub's settings with --values."
            return [warning("Dex was not checked: no issuer is given.", advice)]
        parts = urlsplit(self._issuer)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return [fault(f"The issuer {self._issuer!r} is not a URL.", "Write https://HOST/dex.")]
        discovery = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            async with httpx.AsyncClient(verify=trusting(self._ca), timeout=_TIMEOUT_S) as http:
                reading = await _read(http, discovery)
                findings = judge_discovery(self._issuer, discovery, reading)
                if not any(each.state is State.FAULT for each in findings):
                    keys = str(reading.answer.body["jwks_uri"])
                    findings.append(judge_keys(keys, (await _read(http, keys)).answer))
        except (httpx.TransportError, httpx.InvalidURL) as error:
            return [judge_failure(self._issuer, error)]
        except ProviderUnavailableError as error:
            return [fault(f"{error}.", "Look at Dex and at what is in front of it.")]
        except OSError as error:
            return [unknown(f"The file {self._ca} cannot be used: {error}.", "Correct --ca.")]
        return findings


def judge_discovery(issuer: str, url: str, reading: Reading) -> list[Finding]:
    """Judge the discovery document, and the clock and certificate of whoever sent it."""
    try:
        parse_metadata(issuer, url, reading.answer)
    except ProviderUnavailableError as error:
        return [fault(f"{error}.", "The hub lets nobody sign in until this is so.")]
    found = [good(f"Dex answers as {issuer}."), *_offers(reading.answer.body), *_clock(reading)]
    return [*found, *_transport(issuer, reading)]


def judge_keys(url: str, answer: Answer) -> Finding:
    """Judge the key set."""
    try:
        parse_keys(url, answer)
    except ProviderUnavailableError as error:
        return fault(f"{error}.", "Look at Dex's log; it makes keys when it starts.")
    return good("Dex publishes keys that its tokens can be checked with.")


def judge_failure(issuer: str, error: Exception) -> Finding:
    """Judge why there was no answer."""
    if (refused := refused_certificate(error)) is not None:
        return fault(
            f"The certificate of {issuer} is not trusted: {refused.verify_message}.",
            "Send the whole chain. If your own authority signed it, name its file with --ca, and "
            "to the hub with DexOAuthenticator.http_request_kwargs: {ca_certs: FILE}.",
        )
    return unknown(
        f"{issuer} cannot be reached from here: {str(error) or type(error).__name__}.",
        "Hub and browsers must reach it. Look from where they are, or run this there.",
    )


def _offers(body: Mapping[str, object]) -> Iterator[Finding]:
    """Judge what Dex says it can do."""
    scopes, grants = _texts(body, "scopes_supported"), _texts(body, "grant_types_supported")
    if scopes is None or grants is None:
        yield unknown(
            "Dex does not say which scopes and grants it knows.",
            "Look whether the issuer is Dex, and not the provider behind it.",
        )
        return
    if missing := sorted(_NEEDED - scopes):
        yield fault(
            f"Dex does not offer the scopes {', '.join(missing)}.",
            "Look whether the issuer is Dex, and not the provider behind it: teams come from "
            "the scope groups.",
        )
    if "authorization_code" not in grants:
        yield fault(
            "Dex does not offer the grant authorization_code.",
            "Add it to oauth2.grantTypes of Dex's configuration.",
        )
    if _REFRESHING not in scopes or "refresh_token" not in grants:
        yield warning(
            "Dex gives no refresh tokens: the hub cannot ask about people after they signed in.",
            "Add refresh_token to oauth2.grantTypes. Without it, a sign-in counts for "
            "DexOAuthenticator.login_lifetime.",
        )
    algorithms = _texts(body, "id_token_signing_alg_values_supported") or frozenset()
    if algorithms.isdisjoint(SIGNING_ALGORITHMS):
        yield fault(
            f"Dex signs with {', '.join(sorted(algorithms)) or 'what it does not say'}.",
            f"The hub accepts {', '.join(SIGNING_ALGORITHMS)} unless "
            "DexOAuthenticator.signing_algorithms says otherwise.",
        )


def _clock(reading: Reading) -> Iterator[Finding]:
    if reading.date is None:
        yield unknown("Dex's answer has no Date, so its clock is not known.", "Look at its proxy.")
        return
    skew = reading.date - reading.read_at
    if abs(skew) > CLOCK_LEEWAY:
        way = "ahead of" if skew > timedelta(0) else "behind"
        yield fault(
            f"Dex's clock is {rough_span(abs(skew).total_seconds())} {way} this machine's.",
            "One of them is wrong: set up time synchronisation. The hub refuses tokens that are "
            f"more than {CLOCK_LEEWAY.seconds} seconds off.",
        )


def _transport(issuer: str, reading: Reading) -> Iterator[Finding]:
    if urlsplit(issuer).scheme == "http":
        if urlsplit(issuer).hostname not in _LOCAL:
            yield warning(
                f"{issuer} is not encrypted: passwords cross the network as they are.",
                "Serve Dex by HTTPS.",
            )
    elif reading.expires is not None and reading.expires - reading.read_at < RENEW_BEFORE:
        yield warning(
            f"The certificate of {issuer} ends at {moment(reading.expires)}.",
            "Renew it; with cert-manager, look why that was not done.",
        )


async def _read(http: httpx.AsyncClient, url: str) -> Reading:
    response = await http.get(url, headers={"Accept": "application/json"}, follow_redirects=False)
    now = datetime.now(UTC)
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ProviderUnavailableError(
            f"{url} answered {response.status_code} with something other than JSON"
        )
    answer = Answer(response.status_code, body)
    return Reading(answer, now, _date_of(response), _expiry_of(response))


def _date_of(response: httpx.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None


def _expiry_of(response: httpx.Response) -> datetime | None:
    """Return when the server's certificate ends; None without TLS."""
    stream = response.extensions.get("network_stream")
    secured = stream.get_extra_info("ssl_object") if stream else None
    certificate = secured.getpeercert() if secured else None
    if not certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


def _texts(body: Mapping[str, object], key: str) -> frozenset[str] | None:
    listed = body.get(key)
    return frozenset(map(str, listed)) if isinstance(listed, list) else None
