"""One call to the idle culler's API, which waits while the culler restarts."""

import ssl
from collections.abc import Mapping

import httpx
from gpucommons_people.clients.patience import Patience

from gpucommons_config import service_client

_CULLER = service_client.Service("idle culler", "culler", "gpucommons idle exemptions", 30.0)


def ask(
    method: str,
    url: str,
    token: str,
    body: Mapping[str, str] | None,
    patience: Patience | None = None,
    *,
    trusted: ssl.SSLContext | None = None,
) -> httpx.Response:
    """Call until there is a response. Raises PeopleError if there is none for long.

    trusted: certificates in place of the usual ones.
    """
    return service_client.ask(
        _CULLER, method, url, token, body=body, patience=patience, trusted=trusted
    )
