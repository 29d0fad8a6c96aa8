"""JSON over HTTP to Dex: what came back, or that nothing usable did."""

import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from gpucommons_authenticator.errors import ProviderUnavailableError, UntrustedCertificateError


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and the JSON object of the body."""

    status: int
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class HTTPClient:
    """Requests to Dex, each bounded in time and never redirected.

    timeout is in seconds. options are extra arguments for every
    ``tornado.httpclient.HTTPRequest``, such as ``ca_certs``.
    """

    client: AsyncHTTPClient
    timeout: float
    options: dict[str, Any]

    async def get(self, url: str) -> Answer:
        """Fetch a JSON document. Raises ProviderUnavailableError."""
        return await self._send(url, method="GET", headers={"Accept": "application/json"})

    async def post_form(self, url: str, fields: dict[str, str], headers: dict[str, str]) -> Answer:
        """Send a form, read JSON. Raises ProviderUnavailableError."""
        return await self._send(url, method="POST", headers=headers, body=urlencode(fields))

    async def _send(self, url: str, **arguments: object) -> Answer:
        limits = {"connect_timeout": self.timeout, "request_timeout": self.timeout}
        options = {**limits, **self.options, **arguments, "follow_redirects": False}
        try:
            response = await self.client.fetch(HTTPRequest(url, **options), raise_error=False)
        except ssl.SSLCertVerificationError as error:
            raise UntrustedCertificateError(self._not_trusted(url, error)) from error
        except (OSError, HTTPClientError, ValueError) as error:
            raise ProviderUnavailableError(f"{url} did not answer: {error}") from error
        if response.code == 599:  # tornado's number for "no response"
            raise ProviderUnavailableError(f"{url} did not answer: {response.error}")
        return Answer(response.code, _json_object(url, response.code, response.body))

    def _not_trusted(self, url: str, error: ssl.SSLCertVerificationError) -> str:
        file = self.options.get("ca_certs")
        trusted = f"the authorities in {file}" if file else "the usual authorities"
        return (
            f"The certificate that {url} shows is not trusted: {error.verify_message}. The hub "
            f"trusts {trusted}. If another one signed it, name its file in "
            "DexOAuthenticator.http_request_kwargs: {ca_certs: FILE}"
        )


def _json_object(url: str, status: int, body: bytes) -> dict[str, object]:
    """Parse a body. It is never quoted in the error: it may hold tokens."""
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise ProviderUnavailableError(f"{url} answered {status} with something other than JSON")
    return parsed
