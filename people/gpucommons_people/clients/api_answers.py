"""What the API server answers: objects, refusals as sentences, or no answer of its own. Pure."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from gpucommons_people.clients.kinds import Manifest
from gpucommons_people.errors import MissingRightError, PeopleError, UnreachableError

ADVICE = "Look at the address in the kubeconfig and at your access to that network."
"""What to do where something else answers, or nothing."""


class ClusterError(PeopleError):
    """The API server refused; status is its HTTP status, reason what it says itself."""

    def __init__(self, message: str, status: int, reason: str = "") -> None:
        super().__init__(message)
        self.status, self.reason = status, reason or message


class ForbiddenError(ClusterError, MissingRightError):
    """The API server says that we may not; the text names the right that is missing."""


def object_of(host: str, status: int, headers: Mapping[str, str], content: str) -> Manifest:
    """Return the object in an answer; ClusterError if it is a refusal.

    host is the address that answered, status the HTTP status, content the body. Raises
    UnreachableError for what Kubernetes would not say.
    """
    if status == HTTPStatus.NOT_FOUND and not _is_from_kubernetes(headers, content):
        what = f"What answers at {host} is not Kubernetes, or is something in front of it"
        raise UnreachableError(what, ADVICE)
    if status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(status, message_of(content))
    try:
        parsed = json.loads(content)
    except ValueError as error:
        what = f"The cluster at {host} sent something other than JSON: {content[:100]!r}"
        raise UnreachableError(what, ADVICE) from error
    if not isinstance(parsed, dict):
        what = f"The cluster at {host} sent something other than an object: {content[:100]!r}"
        raise UnreachableError(what, ADVICE)
    return parsed


def items_of(page: Manifest) -> list[Manifest]:
    """Return the objects of a list; UnreachableError for what is none."""
    items = page.get("items", page)
    if not isinstance(items, list | None) or not isinstance(page.get("metadata"), dict):
        raise UnreachableError("The cluster answers with something other than a list")
    return items or []


def _is_from_kubernetes(headers: Mapping[str, str], content: str) -> bool:
    """Tell "there is none" from a wrong address, which must not read as that."""
    try:
        return bool(json.loads(content)["kind"] == "Status")
    except (ValueError, KeyError, TypeError):
        return "Audit-Id" in headers  # of a kind that it does not know it says no more


def holds(there: object, wanted: object) -> bool:
    """Say whether an object has all that a manifest says, its version aside."""
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            holds(there.get(key), value)
            for key, value in wanted.items()
            if key != "resourceVersion"
        )
    return there == wanted


def message_of(content: str) -> str:
    """Return what an answer says in words, or else its beginning."""
    try:
        return str(json.loads(content)["message"])
    except (ValueError, KeyError, TypeError):
        return content.strip()[:300]


def _refusal(status: int, message: str) -> ClusterError:
    if status == HTTPStatus.FORBIDDEN:
        return ForbiddenError(
            f"The cluster does not allow this: {message}. Use a kubeconfig of an account with "
            "that right; the service account people in namespace gpucommons has all it takes.",
            status,
            message,
        )
    if status == HTTPStatus.UNAUTHORIZED:
        return ForbiddenError(
            "The cluster does not accept the credentials in the kubeconfig. Renew them.", status
        )
    return ClusterError(f"The cluster refused ({status}): {message}", status, message)
