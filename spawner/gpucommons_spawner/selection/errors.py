"""Why options cannot be used, and the words in which it is said."""

import difflib
from collections.abc import Iterable
from http import HTTPStatus

_LONGEST = 63
"""Characters that are shown of what somebody wrote."""


class SelectionError(ValueError):
    """The options cannot be used. The text is for the person who gave them.

    option is the one that is wrong, or lacking; status the HTTP status that says so to an API
    client.
    """

    def __init__(
        self, message: str, option: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
    ) -> None:
        super().__init__(message)
        self.option = option
        self.status = status


def choice_list(choices: Iterable[str]) -> str:
    """Write what there is to choose."""
    return ", ".join(choices) or "none: an administrator must open one to you"


def meant(name: str, choices: Iterable[str]) -> str:
    """Ask whether a name was mistyped; empty if none is like it."""
    close = difflib.get_close_matches(name[:_LONGEST], list(choices), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def quoted(value: object) -> str:
    """Write somebody's input, short and with everything unprintable escaped."""
    return short(ascii(value))


def short(text: str) -> str:
    """Cut what would make a sentence unreadable."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
