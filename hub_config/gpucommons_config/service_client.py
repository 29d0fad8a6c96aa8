"""Calls to a service of the hub, as the account commands' service, while it may be restarting."""

import asyncio
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx
from gpucommons_people.clients.patience import BUSY, Patience, pause_asked
from gpucommons_people.errors import InputError, PeopleError, UnreachableError
from gpucommons_people.files.configuration import (
    HubConfiguration,
    find_configuration,
    read_configuration,
)


@dataclass(frozen=True, slots=True)
class Service:
    """What messages call a service, and where one sees what it has done."""

    title: str
    program: str
    see: str
    """A command, for whoever does not know whether something was done."""
    timeout: float
    """Seconds without any answer, after which it is asked again."""


ACCOUNTING = Service("service", "service", "gpucommons usage prices", 60.0)
BUDGETS = Service("service", "service", "gpucommons budget history", 60.0)
ERASURES = Service("service", "service", "gpucommons usage forgotten", 300.0)
"""It looks through all records for a name before it answers."""


def ask(
    service: Service,
    method: str,
    url: str,
    token: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
    patience: Patience | None = None,
    trusted: ssl.SSLContext | None = None,
    into: BinaryIO | None = None,
) -> httpx.Response:
    """Call until there is a response. Raises PeopleError if there is none for long.

    What may have been done already is not asked for again. trusted: certificates in place of the
    usual ones. into: where to write what is answered, however long, in place of the response.
    """
    patience = patience or Patience(tell=lambda what: print(what, file=sys.stderr))  # noqa: T201
    advice = f"Check that hub and {service.program} are running; then run the same command again."
    where = f"The {service.title} at {url}"

    async def once() -> httpx.Response:
        headers = {"Authorization": f"token {token}"}
        try:
            async with httpx.AsyncClient(timeout=service.timeout, verify=trusted or True) as client:
                request = client.stream(method, url, headers=headers, params=query, json=body)
                async with request as answer:
                    await _receive(answer, into)
        except httpx.HTTPError as error:
            what = f"{where} does not answer: {str(error) or type(error).__name__}"
            if method == "POST" and not isinstance(error, httpx.ConnectError):
                look = f"It may have done it nevertheless; see: {service.see}"
                raise PeopleError(f"{what}. {look}") from error
            raise UnreachableError(what, advice) from error
        if answer.status_code in BUSY:
            what = f"{where} answers {answer.status_code} {answer.reason_phrase}"
            raise UnreachableError(what, advice, pause_asked(answer.headers))
        return answer

    return asyncio.run(patience.ask(once))


async def _receive(answer: httpx.Response, into: BinaryIO | None) -> None:
    """Read an answer; into a file from its beginning, where it is a good one."""
    if into is None or not answer.is_success:
        await answer.aread()
        return
    into.seek(0)
    into.truncate()
    async for part in answer.aiter_bytes():
        into.write(part)


class ServiceClient:
    """Asks one service through the hub's proxy. Raises PeopleError where there is no hub to ask."""

    def __init__(self, given: Path | None, found: Path | None, name: str, service: Service) -> None:
        """given, found: the file of the installation, as for the account commands."""
        address, self._hub = configured_hub(given, found, "the service")
        self._url = f"{address}/services/{name}/api"
        self._name, self._service = name, service

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, object] | None = None,
        into: BinaryIO | None = None,
    ) -> httpx.Response:
        """Call until there is an answer. Raises PeopleError for one that refuses, or none."""
        answer = ask(
            self._service,
            method,
            f"{self._url}/{path}",
            self._hub.token(),
            query=query,
            body=body,
            trusted=self._hub.trusted(),
            into=into,
        )
        if answer.is_success:
            return answer
        if answer.is_redirect:  # to the hub's own pages
            raise PeopleError(
                f"The hub has no service {self._name}, or its proxy does not lead there yet. Is "
                "it in JupyterHub.services, with a url?"
            )
        raise PeopleError(
            f"The service {self._name} answered {answer.status_code}: {message_of(answer)}"
        )


def configured_hub(
    given: Path | None, found: Path | None, whom: str
) -> tuple[str, HubConfiguration]:
    """Return an installation's address, with no slash at its end, and its hub.

    given, found: its file, as for the account commands. whom: who is asked with the hub's token.
    Raises InputError, also where there is no hub.
    """
    file = find_configuration(given, found)
    configuration = read_configuration(file)
    if configuration.hub is None:
        raise InputError(f"{file} has no hub, whose token is needed to ask {whom}.")
    return configuration.address.rstrip("/"), configuration.hub


def message_of(answer: httpx.Response) -> str:
    """Return what a refusal says; the beginning of its text where it is none of ours."""
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:200]
