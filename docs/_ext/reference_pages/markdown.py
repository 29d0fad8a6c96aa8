"""Text of the program as Markdown."""

import inspect
import re

_SPECIAL = re.compile(r"(?<!`)([*<>$\[\]])(?![^`]*`(?:[^`]*`[^`]*`)*[^`]*$)")

_WORD = re.compile(r"[a-z]+(?:[ ,.;:']|$)")
"""A phrase that begins with an ordinary word, and not with a name such as ``PromQL``."""


def prose(text: str) -> str:
    """Return a docstring or a help text as Markdown: what looks like markup is taken as it is."""
    lines = inspect.cleandoc(text).replace("``", "`").splitlines()
    return "\n".join(_SPECIAL.sub(r"\\\1", line) for line in lines)


def cell(text: str) -> str:
    """Return text that fits into a cell of a table."""
    return " ".join(prose(text).replace("|", r"\|").split())


def code(value: object) -> str:
    """Return a value as code, in a table too."""
    return f"`{value}`".replace("|", r"\|")


def sentence(text: str) -> str:
    """Return a phrase with a capital at its begin and a full stop at its end."""
    text = text.strip()
    begins = text[0].upper() + text[1:] if _WORD.match(text) else text
    return begins if begins.endswith((".", "!", "?", ":")) else f"{begins}."


def paragraph(docstring: str | None) -> str:
    """Return the first paragraph of a docstring."""
    return inspect.cleandoc(docstring or "").split("\n\n", 1)[0]
