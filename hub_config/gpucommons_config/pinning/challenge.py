"""How a registry asks for credentials: the header WWW-Authenticate.

Source: RFC 9110, 11.6.1.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # noqa: S105 -- the RFC's word
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_SCHEME = re.compile(rf"({_TOKEN})(?:\s+|(?=,)|$)")
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to sign in. scheme and the names of parameters are in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """Read all ways that an answer offers; what is not one ends the reading of its header."""
    found: list[Challenge] = []
    for header in headers:
        found += _of_header(header)
    return found


def _of_header(header: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while (at := _after(header, at)) < len(header):
        if found and (parameter := _PARAMETER.match(header, at)):
            name, quoted, bare = parameter.groups()
            value = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1][1].setdefault(name.lower(), value)
            at = parameter.end()
        elif scheme := _SCHEME.match(header, at):
            found.append((scheme[1].lower(), {}))
            at = scheme.end()
        else:
            break
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def _after(header: str, at: int) -> int:
    between = _BETWEEN.match(header, at)
    return between.end() if between else at
