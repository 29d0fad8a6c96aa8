"""What an answer may look like: each function takes what was typed, and returns what is kept.

All raise ValueError that says what is allowed. Pure.
"""

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gpucommons_contract import memory_as_written, user_name

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PATH = re.compile(r"(/[a-z0-9]([a-z0-9._-]*[a-z0-9])?)+")
_REPOSITORY = re.compile(r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")
_PRODUCT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_PROFILE = re.compile(r"[1-7]g\.[1-9][0-9]{0,2}gb")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_RECIPIENT = re.compile(r"age1[ac-hj-np-z02-9]{58}")
_ORGANIZATION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?")

_LONGEST_HOST = 253
"""Characters, by RFC 1123 and Kubernetes."""
_LONGEST_TEXT = 200
_MOST = 100_000
"""GPUs, or parts of them: more than any cluster has."""
_LAST_PORT = 65_535
_MOST_STORAGE = "1Pi"


def host_name(text: str) -> str:
    """Read a host name by RFC 1123 with a domain, such as ``hub.example.org``."""
    name = text.lower()
    if name.endswith("."):
        raise ValueError(f"{_quoted(text)} ends with a dot; leave that out")
    if "://" in name or "/" in name:
        raise ValueError(f"{_quoted(text)} is an address; write the host name alone")
    if re.search(r":[0-9]+$", name):
        raise ValueError(f"{_quoted(text)} has a port; the Ingress serves 443, leave it out")
    labels = name.split(".")
    if len(name) > _LONGEST_HOST or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(
            f"{_quoted(text)} is not a host name; write one such as hub.example.org: letters a to "
            "z, digits and hyphens between dots, 63 characters at most between two"
        )
    if labels[-1].isdigit():
        raise ValueError(f"{_quoted(text)} is an IP address; certificates need a name")
    return name


def host_and_path(text: str) -> str:
    """Read a host name that a path may follow, such as ``hub.example.org/dex``."""
    host, slash, path = text.partition("/")
    if "://" in text:
        raise ValueError(f"{_quoted(text)} begins with a scheme; leave that out, it is https")
    if slash and not _PATH.fullmatch("/" + path):
        raise ValueError(
            f"{_quoted(text)} has an invalid path; write one such as {host}/dex, without a "
            "slash at its end"
        )
    return host_name(host) + slash + path


def host_and_port(text: str) -> str:
    """Read a host name that a port may follow, such as ``ldap.example.org:636``."""
    host, colon, port = text.partition(":")
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise ValueError(f"{_quoted(text)} has an invalid port; write 1 to 65535")
    return host_name(host) + colon + port


def secure_url(text: str) -> str:
    """Read an address that begins with ``https://``."""
    refusal = f"{_quoted(text)} is not an address; write https://HOST/PATH"
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(refusal) from error
    if parts.scheme != "https" or not parts.netloc or parts.username is not None or " " in text:
        raise ValueError(refusal)
    host_and_port(parts.netloc)
    return free_text(text)


def server_url(text: str) -> str:
    """Read an address that begins with ``https://`` and has no path."""
    address = secure_url(text).rstrip("/")
    if address.count("/") > 2:
        raise ValueError(f"{_quoted(text)} has a path; write https://HOST or https://HOST:PORT")
    return address


def bucket(text: str) -> str:
    """Read the name of a bucket in S3."""
    if not _BUCKET.fullmatch(text):
        raise ValueError(
            f"{_quoted(text)} cannot be a bucket, whose name has 3 to 63 small letters, digits, "
            "dots and hyphens"
        )
    return text


def region(text: str) -> str:
    """Read the name of a region of S3."""
    if not _REGION.fullmatch(text):
        raise ValueError(f"{_quoted(text)} is not a region; write one such as eu-central-1")
    return text


def recipient(text: str) -> str:
    """Read the public half of a recovery key, as age writes it."""
    if text.startswith("AGE-SECRET-KEY"):
        raise ValueError("this is the private half, which must be kept nowhere but on its sheet")
    if not _RECIPIENT.fullmatch(text):
        raise ValueError(
            f"{_quoted(text)} is no public key of age: it begins with age1 and has 62 characters"
        )
    return text


def object_name(text: str) -> str:
    """Read the name of an object of Kubernetes, such as a storage class."""
    if len(text) > _LONGEST_HOST or not all(map(_LABEL.fullmatch, text.split("."))):
        raise ValueError(
            f"{_quoted(text)} cannot name an object in Kubernetes; such a name has a to z, digits, "
            "hyphens and dots, such as fast-ssd"
        )
    return text


def image_prefix(text: str) -> str:
    """Read what comes before the names of our images: ``registry.example.org/gpucommons``."""
    registry, slash, repository = text.partition("/")
    example = "registry.example.org/gpucommons"
    if "://" in text:
        raise ValueError(f"{_quoted(text)} begins with a scheme; write one such as {example}")
    if not slash or not _REPOSITORY.fullmatch(repository) or len(repository) > _LONGEST_TEXT:
        raise ValueError(
            f"{_quoted(text)} does not name a place in a registry; write HOST/PATH in small "
            f"letters, without a tag and without a slash at its end, such as {example}"
        )
    return f"{host_and_port(registry)}/{repository}"


def storage(text: str) -> str:
    """Read an amount of storage as Kubernetes writes it, such as ``50Gi``."""
    if text.endswith("K"):
        raise ValueError(f"{_quoted(text)} has the unit K; Kubernetes writes k or Ki")
    return memory_as_written(text, _MOST_STORAGE)


def count(text: str) -> int:
    """Read how many there are, 0 included."""
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text) <= _MOST):
        raise ValueError(f"{_quoted(text)} is not a number; write a whole one from 0 to {_MOST:,}")
    return int(text)


def tcp_port(text: str) -> int:
    """Read the number of a TCP port."""
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= _LAST_PORT):
        raise ValueError(f"{_quoted(text)} is not a port; write a number from 1 to {_LAST_PORT}")
    return int(text)


def shares(text: str) -> int:
    """Read into how many shares a GPU is cut."""
    if not (text.isascii() and text.isdigit() and len(text) < 3 and 2 <= int(text) <= 48):
        raise ValueError(f"{_quoted(text)} is not a number of shares; write 2 to 48")
    return int(text)


def gpu_product(text: str) -> str:
    """Read a GPU model as GPU Feature Discovery labels nodes with it."""
    if not _PRODUCT.fullmatch(text):
        raise ValueError(
            f"{_quoted(text)} is not a value of the node label nvidia.com/gpu.product, which has "
            "no spaces; write one such as NVIDIA-H200"
        )
    return text


def mig_profile(text: str) -> str:
    """Read the profile of a MIG slice as nvidia-smi writes it."""
    if not _PROFILE.fullmatch(text):
        raise ValueError(f"{_quoted(text)} is not a profile; write one as nvidia-smi does: 1g.10gb")
    return text


def organization(text: str) -> str:
    """Read the name of an organization on GitHub."""
    if not _ORGANIZATION.fullmatch(text) or "--" in text:
        raise ValueError(
            f"{_quoted(text)} cannot be a GitHub organization, whose name has letters, digits and "
            "single hyphens, 39 at most"
        )
    return text


def person(text: str) -> str:
    """Read an e-mail address that can be a user name."""
    name, at, domain = text.partition("@")
    if not name or not at:
        raise ValueError(
            f"{_quoted(text)} is not an e-mail address; write one such as ada@example.org"
        )
    host_name(domain)
    return user_name(text)


def free_text(text: str) -> str:
    """Read a text in any words, on one line.

    Dex puts variables in the place of $ and what follows, so that cannot be in it.
    """
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"it has {len(text)} characters; write {_LONGEST_TEXT} at most")
    if odd := next((each for each in text if not each.isprintable()), None):
        raise ValueError(f"it contains {odd!a}, which is invisible; remove it")
    if "$" in text:
        raise ValueError("it contains $, which Dex uses for variables; remove it")
    return text


def time_zone(text: str) -> str:
    """Read the name of a time zone, as IANA has it."""
    try:
        return str(ZoneInfo(text))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"{_quoted(text)} is no time zone; write the name of one, such as Europe/Berlin"
        ) from error


def relative_path(text: str) -> str:
    """Read the path of a folder, from another one: kustomize takes no absolute path."""
    free_text(text)
    if text.startswith("/"):
        raise ValueError(f"{_quoted(text)} is absolute, and kustomize takes relative paths only")
    return text.rstrip("/")


def one_of(*allowed: str) -> Callable[[str], str]:
    """Return what reads one of these words."""

    def read(text: str) -> str:
        if text.lower() not in allowed:
            raise ValueError(f"{_quoted(text)} is not one of {', '.join(allowed)}")
        return text.lower()

    return read


def some_of(*allowed: str) -> Callable[[str], tuple[str, ...]]:
    """Return what reads several of these words, each once; ``none`` for none of them."""

    def read(text: str) -> tuple[str, ...]:
        words: Sequence[str] = text.lower().replace(",", " ").split()
        if list(words) == ["none"]:
            return ()
        if odd := [each for each in words if each not in allowed]:
            raise ValueError(f"{_quoted(odd[0])} is not one of {', '.join(allowed)}")
        return tuple(dict.fromkeys(words))

    return read


def _quoted(text: str) -> str:
    return ascii(text[:64]) if len(text) <= 64 else f"{text[:64]!a}…"
