"""Credentials for registries, from the files that docker, podman and buildah write.

Source: containers-auth.json(5), and the configuration file of docker's command line.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gpucommons_config.pinning.errors import LookupFailedError, PinningError

FILE_VARIABLE = "REGISTRY_AUTH_FILE"
_HUB_NAMES = {"docker.io", "index.docker.io", "registry-1.docker.io"}
_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and password, or a token that stands for both. file is where they are from."""

    user: str
    password: str = field(repr=False)
    file: Path
    identity_token: str = field(default="", repr=False)
    """What docker keeps after a sign-in by OAuth 2, instead of a password."""


def auth_files(
    given: Path | None, environment: Mapping[str, str], uid: int
) -> tuple[tuple[Path, ...], bool]:
    """Return the files to look into, in order, and whether somebody named the one file."""
    if named := (given or environment.get(FILE_VARIABLE)):
        return (Path(named),), True
    runtime, home = environment.get("XDG_RUNTIME_DIR"), Path(environment.get("HOME") or "/")
    return (
        Path(runtime, "containers/auth.json")
        if runtime
        else Path(f"/run/containers/{uid}/auth.json"),
        Path(environment.get("XDG_CONFIG_HOME") or home / ".config", "containers/auth.json"),
        Path(environment.get("DOCKER_CONFIG") or home / ".docker", "config.json"),
    ), False


class AuthFiles:
    """What the files hold."""

    def __init__(self, files: Sequence[Path], *, named: bool) -> None:
        """named: somebody named the file, so it has to be there.

        Raises PinningError for one that cannot be read.
        """
        self.files = tuple(files)
        self._read = [
            (file, content) for file in files if (content := _content(file, needed=named))
        ]

    def credentials(self, registry: str, repository: str) -> Credentials | None:
        """Find those of the longest folder of a repository, or else of its registry.

        Raises LookupFailedError where they are not as they should be.
        """
        for file, content in self._read:
            entries = {_normal(key): entry for key, entry in _mapping(content, "auths").items()}
            for place in _places(registry, repository):
                if found := _credentials(file, place, entries.get(place)):
                    return found
        return None

    def helper(self, registry: str) -> tuple[str, Path] | None:
        """Return the program that keeps the credentials of a registry, and the file that says so.

        We run no such program.
        """
        for file, content in self._read:
            helpers = {_normal(key): name for key, name in _mapping(content, "credHelpers").items()}
            stored = {_normal(key) for key in _mapping(content, "auths")}
            name = helpers.get(registry) or (registry in stored and content.get("credsStore"))
            if name:
                return f"docker-credential-{name}", file
        return None


def _content(file: Path, *, needed: bool) -> Mapping[str, object] | None:
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        if not needed:
            return None
        raise PinningError(
            f"{file}: there is no such file; name one that docker or podman login wrote, with "
            f"--authfile or in {FILE_VARIABLE}"
        ) from None
    except OSError as error:
        if not needed and isinstance(error, NotADirectoryError | PermissionError):
            return None  # somebody else's home, such as of a service
        raise PinningError(f"{file}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # also what is not UTF-8; its text shows nothing of the content
        place = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise PinningError(f"{file}{place}: is not JSON; {_AGAIN}") from None
    if not isinstance(content, dict):
        raise PinningError(f"{file}: is not a JSON object; {_AGAIN}")
    return content


_AGAIN = "write it again with docker login or podman login"


def _mapping(content: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _normal(key: str) -> str:
    """Write a key as registry and folders: docker writes addresses of an earlier API."""
    _, is_address, rest = key.partition("://")
    if is_address:
        key = rest.partition("/")[0]
    host, slash, path = key.rstrip("/").partition("/")
    return f"{_HUB if host in _HUB_NAMES else host}{slash}{path}"


def _places(registry: str, repository: str) -> Iterator[str]:
    folders = repository.split("/")
    for length in range(len(folders), 0, -1):
        yield "/".join([registry, *folders[:length]])
    yield registry


def _credentials(file: Path, place: str, entry: object) -> Credentials | None:
    if not isinstance(entry, dict):
        return None
    user, password = entry.get("username") or "", entry.get("password") or ""
    if coded := entry.get("auth"):
        try:
            user, colon, password = base64.b64decode(coded, validate=True).decode().partition(":")
        except (TypeError, binascii.Error, UnicodeDecodeError):
            colon = ""
        if not colon:
            raise LookupFailedError(
                f'needs credentials, and {file} has auths."{place}".auth, which is not '
                f"USER:PASSWORD in Base64; {_AGAIN}"
            )
    token = entry.get("identitytoken") or ""
    if not (user or token):
        return None
    return Credentials(str(user), str(password).rstrip("\0"), file, str(token))
