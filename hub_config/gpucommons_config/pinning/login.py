"""How a registry that asks for credentials gets them.

Source: https://github.com/distribution/distribution, docs/content/spec/auth: token.md, oauth.md.
"""

import base64
import json
import re
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit, urlunsplit

from gpucommons_spawner.catalogue.reference import ImageReference

from gpucommons_config.pinning.auth_files import AuthFiles, Credentials
from gpucommons_config.pinning.calls import Answer, Calls
from gpucommons_config.pinning.challenge import Challenge, challenges
from gpucommons_config.pinning.errors import LookupFailedError, plainly

_CLIENT = "gpucommons"
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Login:
    """Answers challenges with what the files hold, or as nobody in particular."""

    def __init__(self, calls: Calls, files: AuthFiles) -> None:
        self._calls = calls
        self._files = files

    async def authorization(self, asked: Answer, reference: ImageReference) -> str:
        """Return the header Authorization for a registry that answered 401.

        Raises LookupFailedError that says how to get credentials.
        """
        offered = {each.scheme: each for each in challenges(_headers(asked))}
        found = self._files.credentials(reference.registry, reference.repository)
        if "bearer" in offered:
            return f"Bearer {await self._token(offered['bearer'], reference, found)}"
        if "basic" not in offered:
            ways = ", ".join(plainly(each, 40) for each in offered) or "nothing"
            raise LookupFailedError(
                f"{reference.registry} asks for a sign-in, and offers {ways}; Bearer and Basic "
                "are supported"
            )
        if found is None or not found.user:
            raise LookupFailedError(self.refused(reference))
        return _basic(found)

    def refused(self, reference: ImageReference) -> str:
        """Say that a registry does not let us look at an image, and what to do."""
        said = f"{reference.registry} does not let us look at {reference.repository}"
        if found := self._files.credentials(reference.registry, reference.repository):
            who = found.user or "a token"
            login = _login(reference.registry)
            return f"{said} with the credentials of {who} from {found.file}; sign in again: {login}"
        return f"{said} without credentials. {self.without_credentials(reference)}"

    def without_credentials(self, reference: ImageReference) -> str:
        """Say why there are none for an image, and how to get them; empty if there are some."""
        registry = reference.registry
        if self._files.credentials(registry, reference.repository):
            return ""
        if helper := self._files.helper(registry):
            name, file = helper
            return (
                f"{file} leaves them to the program {name}, and such programs are not "
                f"supported; write them into a file: {_login(registry)}"
            )
        looked = ", ".join(map(str, self._files.files))
        return f"There are none for it in {looked}; sign in: {_login(registry)}"

    async def _token(
        self, offered: Challenge, reference: ImageReference, found: Credentials | None
    ) -> str:
        realm = offered.parameters.get("realm", "")
        scope = offered.parameters.get("scope") or f"repository:{reference.repository}:pull"
        try:
            parts = urlsplit(realm)
            known = bool(parts.hostname) and parts.scheme in {"http", "https"}
        except ValueError:
            known = False
        if not known:
            raise LookupFailedError(
                f"{reference.registry} sends for a token to something that is not an address: "
                f"{plainly(realm) or 'empty'}"
            )
        query = [("service", service)] if (service := offered.parameters.get("service")) else []
        if found and found.identity_token:
            form = {
                **dict(query),
                "grant_type": "refresh_token",
                "refresh_token": found.identity_token,
                "client_id": _CLIENT,
                "scope": scope,
            }
            answer = await self._calls.send("POST", realm, form=form)
        else:
            query += [("scope", each) for each in scope.split()]
            added = "&".join(filter(None, [parts.query, urlencode(query)]))
            url = urlunsplit(parts._replace(query=added, fragment=""))
            authorization = _basic(found) if found else ""
            answer = await self._calls.send("GET", url, authorization=authorization)
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise LookupFailedError(self.refused(reference))
        return _read_token(answer, parts.netloc.rpartition("@")[2])


def _read_token(answer: Answer, host: str) -> str:
    try:
        read = json.loads(answer.body)
    except (ValueError, RecursionError):
        read = None
    said = read if isinstance(read, dict) else {}
    token = said.get("token") or said.get("access_token")
    if answer.status != HTTPStatus.OK or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise LookupFailedError(
            f"{host}, which gives tokens for the registry, answers {answer.status} and no token; "
            "try again later"
        )
    return token


def _login(registry: str) -> str:
    return f"podman login --authfile FILE {registry}, and name FILE with --authfile"


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.user}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _headers(answer: Answer) -> list[str]:
    return answer.headers.get_list("WWW-Authenticate")
