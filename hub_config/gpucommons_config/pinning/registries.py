"""Which image a tag is now, asked of its registry.

Source: https://github.com/opencontainers/distribution-spec, spec.md: pulling manifests.
"""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from gpucommons_spawner.catalogue.reference import DIGEST, USUAL_TAG, ImageReference

from gpucommons_config.pinning.auth_files import AuthFiles
from gpucommons_config.pinning.calls import Answer, Calls, NoTLSError, is_loopback, origin
from gpucommons_config.pinning.errors import LookupFailedError, plainly
from gpucommons_config.pinning.login import Login
from gpucommons_config.pinning.manifest import (
    ACCEPT,
    Manifest,
    ManifestError,
    digest_of,
    read_manifest,
    read_platform,
)

_HOSTS = {"docker.io": "registry-1.docker.io"}
"""Where a registry serves its API, if not by its own name."""
_DIGEST_HEADER = "Docker-Content-Digest"
_MOST_AT_ONCE = 4
_BUSY = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class Found:
    """The image that a tag is now. platforms: None where nobody asked, or it does not say."""

    digest: str
    platforms: tuple[str, ...] | None = None


class Registries:
    """All registries; every method may raise LookupFailedError."""

    def __init__(self, calls: Calls, files: AuthFiles) -> None:
        self._calls = calls
        self._login = Login(calls, files)
        self._authorizations: dict[tuple[str, str], str] = {}
        self._addresses: dict[str, str] = {}
        self._finding = asyncio.Lock()
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)

    async def look_up(
        self, reference: ImageReference, known: Collection[str] = (), *, platforms: bool = False
    ) -> Found:
        """Ask for the digest of a tag, and with platforms for which machines its image is.

        A digest that is not among the known ones is checked against the content that the
        registry has for it. Registries count that as a download, other questions they do not.
        """
        async with self._places:
            tag = reference.tag or USUAL_TAG
            answer = await self._ask("HEAD", reference, f"manifests/{tag}")
            said = _digest(reference, answer) if answer.status == HTTPStatus.OK else ""
            if said and said in known and not platforms:
                return Found(said)
            if answer.status in _BUSY:
                raise _busy(reference, answer)
            # Older registries answer HEAD without digest, or not at all.
            manifest = await self._manifest(reference, said or tag, said)
            return Found(
                manifest.digest, await self._platforms(reference, manifest) if platforms else None
            )

    async def _manifest(self, reference: ImageReference, named: str, digest: str) -> Manifest:
        """Fetch by tag or digest, and check that it has the digest, if there is one."""
        answer = await self._ask("GET", reference, f"manifests/{named}")
        if answer.status != HTTPStatus.OK:
            raise self._failed(reference, answer)
        try:
            manifest = read_manifest(answer.body, answer.headers.get("Content-Type", ""))
        except ManifestError as error:
            raise LookupFailedError(f"{_short_name(reference)} {error}") from error
        digest = digest or _digest(reference, answer) or manifest.digest
        if manifest.digest != digest:
            raise LookupFailedError(
                f"{reference.registry} calls {_short_name(reference)} {digest}, but what it sends "
                f"is {manifest.digest}; something changes what it sends, or its storage is damaged"
            )
        return manifest

    async def _platforms(
        self, reference: ImageReference, manifest: Manifest
    ) -> tuple[str, ...] | None:
        if manifest.platforms is not None or not DIGEST.fullmatch(manifest.config):
            return manifest.platforms
        answer = await self._ask("GET", reference, f"blobs/{manifest.config}")
        if answer.status != HTTPStatus.OK or digest_of(answer.body) != manifest.config:
            raise LookupFailedError(
                f"{reference.registry} does not have all of {_short_name(reference)}; push it again"
            )
        platform = read_platform(answer.body)
        return None if platform is None else (platform,)

    async def _ask(self, method: str, reference: ImageReference, path: str) -> Answer:
        """Ask about a repository; once more with credentials if they are asked for."""
        base = await self._address(reference.registry)
        whose = (reference.registry, reference.repository)
        url = f"{base}/v2/{reference.repository}/{path}"

        async def send() -> Answer:
            return await self._calls.send(
                method,
                url,
                headers={"Accept": ACCEPT, "Accept-Encoding": "identity"},
                authorization=self._authorizations.get(whose, ""),
            )

        answer = await send()
        if answer.status == HTTPStatus.UNAUTHORIZED:
            if origin(answer.url) != origin(base):  # its challenge would get our credentials
                raise LookupFailedError(
                    f"{reference.registry} redirects to {plainly(urlsplit(answer.url).netloc)}, "
                    "which asks for a sign-in of its own; that is not supported"
                )
            self._authorizations[whose] = await self._login.authorization(answer, reference)
            answer = await send()
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise self._failed(reference, answer)
        return answer

    async def _address(self, registry: str) -> str:
        """Return how to call a registry: by HTTPS, or without TLS where that is allowed."""
        async with self._finding:
            if registry not in self._addresses:
                self._addresses[registry] = await self._found_address(registry)
            return self._addresses[registry]

    async def _found_address(self, registry: str) -> str:
        host = _HOSTS.get(registry, registry)
        if self._calls.is_plain(host):
            return f"http://{host}"
        if is_loopback(host):
            try:
                await self._calls.send("HEAD", f"https://{host}/v2/")
            except NoTLSError:
                return f"http://{host}"
        return f"https://{host}"

    def _failed(self, reference: ImageReference, answer: Answer) -> LookupFailedError:
        registry, said = reference.registry, _error_text(answer)
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return LookupFailedError(f"{self._login.refused(reference)}{said}")
        if answer.status == HTTPStatus.NOT_FOUND:
            none = self._login.without_credentials(reference)
            hint = f" If it is there, it needs credentials. {none}" if none else ""
            return LookupFailedError(
                f"{registry} has no {_short_name(reference)}{said}; push it, or name a tag that is "
                f"there. To keep an image whose tag is gone, leave the tag out: name@sha256:…{hint}"
            )
        if answer.status in _BUSY:
            return _busy(reference, answer)
        return LookupFailedError(
            f"{registry} answers {answer.status} for {_short_name(reference)}{said}; "
            "is it a registry?"
        )


def _busy(reference: ImageReference, answer: Answer) -> LookupFailedError:
    after = answer.headers.get("Retry-After", "")
    when = f"in {after} seconds" if after.isdecimal() and len(after) < 8 else "later"
    why = "has been asked too often" if answer.status == 429 else "cannot answer now"
    return LookupFailedError(f"{reference.registry} {why} ({answer.status}); try again {when}")


def _digest(reference: ImageReference, answer: Answer) -> str:
    """Read the digest that an answer names; empty if it names none."""
    digest: str = answer.headers.get(_DIGEST_HEADER, "")
    if digest and not DIGEST.fullmatch(digest):
        raise LookupFailedError(
            f"{reference.registry} names {_short_name(reference)} by {plainly(digest, 90)!r}; only "
            "sha256: with 64 hexadecimal digits is supported"
        )
    return digest


def _error_text(answer: Answer) -> str:
    """Quote the reason that a registry gives, if it gives one."""
    try:
        error = json.loads(answer.body)["errors"][0]
        told = [error.get("code"), error.get("message")]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return ""
    shown = ": ".join(plainly(each) for each in told if isinstance(each, str) and each)
    return f" ({shown})" if shown else ""


def _short_name(reference: ImageReference) -> str:
    return f"{reference.repository}:{reference.tag or USUAL_TAG}"
