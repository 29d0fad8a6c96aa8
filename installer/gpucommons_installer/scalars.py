"""Writes values into YAML so that they are read back as they were, whatever is in them."""

import json
import re
from collections.abc import Mapping

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(([._/:@=-]+| )[A-Za-z0-9]+)*/?")
_AMOUNT = re.compile(r"[1-9][0-9]*[KMGTP]i")
_READ_AS_OTHERS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def as_yaml(value: object) -> str:
    """Write a text, a number, a list or a map in one line. Raises TypeError for anything else.

    A text stays without quotes only where no YAML reader, of 1.1 or 1.2, takes it for anything
    else, and where it may stand within lists and maps of one line.
    """
    if isinstance(value, str):
        return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_yaml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{as_yaml(k)}: {as_yaml(v)}' for k, v in value.items())}}}"
    raise TypeError(f"{value!r} cannot be written")


def _is_plain(text: str) -> bool:
    if _AMOUNT.fullmatch(text):
        return True
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _READ_AS_OTHERS
