"""Accounting as an installation has it, and what it answers to the account commands' token."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from gpucommons_contract import ACCOUNTING_SERVICE
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.errors import InputError, PeopleError, UnreachableError
from gpucommons_people.files.configuration import read_configuration

from gpucommons_doctor.finding import Finding, fault, good, warning
from gpucommons_doctor.kubernetes import DEPLOYMENTS, spec_of

HUB_NAMESPACE, DEPLOYMENT = "gpucommons", "accounting"
PAGE = "docs/how-to/account-for-usage.md"
_TIMEOUT_S = 30.0
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class NotLetInError(PeopleError):
    """The service does not take the token, or it may not read what is asked for."""


class NotServedError(PeopleError):
    """The hub leads nobody to the service, or it does not answer behind it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What accounting said, and when by its own clock."""

    said: Mapping[str, Any]
    at: datetime


class AccountingService:
    """Asks accounting through the hub's proxy, as ``gpucommons usage`` does."""

    def __init__(self, accounts: Path) -> None:
        """accounts: the account commands' file. Raises InputError for one that cannot be used."""
        configuration = read_configuration(accounts)
        if configuration.hub is None:
            raise InputError(f"{accounts} has no hub, whose token is needed to ask accounting.")
        self._hub = configuration.hub
        self._url = f"{configuration.address.rstrip('/')}/services/{ACCOUNTING_SERVICE}/api/"

    async def ask(self, path: str) -> Answer:
        """Return what it answers. Raises NotLetInError, NotServedError, or UnreachableError."""
        url = self._url + path
        headers = {"Authorization": f"token {await asyncio.to_thread(self._hub.token)}"}
        trusted = await asyncio.to_thread(self._hub.trusted)
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=trusted or True) as client:
                answer = await client.get(url, headers=headers)
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            advice = "Look whether hub and proxy run, and at your access to that network."
            raise UnreachableError(f"{url} does not answer: {why}", advice) from error
        if answer.status_code in _REFUSED:
            raise NotLetInError(f"{url} answers {answer.status_code}: {_message(answer)}")
        try:
            if not answer.is_success:
                raise ValueError(f"it answers {answer.status_code}")
            said = answer.json()
            at = parsedate_to_datetime(answer.headers["Date"])
        except (ValueError, KeyError) as error:
            raise NotServedError(f"{url} is not accounting's: {error}") from error
        return Answer(said, at if at.tzinfo else at.replace(tzinfo=UTC))


async def is_installed(cluster: Cluster) -> bool:
    """Whether the Deployment of accounting is there."""
    found = await cluster.list(DEPLOYMENTS, HUB_NAMESPACE)
    labels = (spec_of(each)["template"]["metadata"].get("labels") or {} for each in found)
    return any(each.get("app.kubernetes.io/name") == DEPLOYMENT for each in labels)


async def not_asked(cluster: Cluster) -> list[Finding]:
    """Say why accounting is not asked where no file of the account commands is given."""
    if not await is_installed(cluster):
        return [not_installed()]
    advice = "Name the account commands' file with --accounts, or --skip this check."
    return [warning("Accounting was not asked: it needs a token.", advice)]


def not_installed() -> Finding:
    """Say that there is nothing to look at."""
    return good("No accounting is installed.")


def refused(error: NotLetInError | NotServedError) -> Finding:
    """Judge an answer that is none."""
    if isinstance(error, NotLetInError):
        return fault(
            f"{error}",
            "The token must be that of the hub's service gpucommons-people, which our "
            "configuration gives access:services!service=gpu and admin-ui: see that the hub has "
            "both, and was started since.",
        )
    return fault(
        f"{error}",
        f"See that the hub lists the service {ACCOUNTING_SERVICE} with its url, and what `kubectl "
        f"-n {HUB_NAMESPACE} logs deployment/{DEPLOYMENT}` says.",
    )


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
