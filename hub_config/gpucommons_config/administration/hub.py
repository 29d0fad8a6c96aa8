"""The hub, as the commands for administrators ask it."""

import argparse
from collections.abc import Mapping
from typing import Any

import httpx
from gpucommons_people.errors import PeopleError

from gpucommons_config import service_client

_HUB = service_client.Service("hub", "proxy", "gpucommons session list", 120.0)
_API = "api/"


class Hub:
    """The hub of an installation, asked as the account commands' service."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Read where it is. Raises PeopleError."""
        _address, self._hub = service_client.configured_hub(
            arguments.config, arguments.find_config(), "it"
        )

    def ask(
        self,
        method: str,
        endpoint: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 -- JSON
        """Return what it answers. Raises PeopleError."""
        answer: httpx.Response = service_client.ask(
            _HUB,
            method,
            f"{self._hub.api_url.rstrip('/')}/{endpoint.removeprefix(_API)}",
            self._hub.token(),
            query=query,
            body=body,
            trusted=self._hub.trusted(),
        )
        if answer.is_success:
            return answer.json()
        raise PeopleError(
            f"The hub answered {answer.status_code}: {service_client.message_of(answer)}"
        )
