"""A sentence that is made in one place and read in another: English, until somebody reads it.

It is a ``str``: logs, APIs and databases have the English text. A page that shows it has the
message and its values as well, and writes it in the reader's language.
"""

import re
from collections.abc import Iterable, Mapping

_VALUE = re.compile(r"%\(\w+\)s|%%")


class Phrase(str):
    """A message with its values. Formatting or joining it as text leaves the English alone."""

    forms: tuple[str, ...]
    """The message, or its singular and its plural; what is ``%(so)s`` is a value."""
    number: int | None
    """What the plural depends on."""
    values: Mapping[str, object]

    def __new__(
        cls, forms: tuple[str, ...], count: int | None, values: Mapping[str, object]
    ) -> "Phrase":
        """forms: one message, or two of which ``count`` chooses."""
        said = super().__new__(cls, forms[count is not None and count != 1] % values)
        said.forms, said.number, said.values = forms, count, values
        return said

    def __str__(self) -> str:
        """Stay what it is, so that an exception's text does."""
        return self

    def __getnewargs__(self) -> tuple[object, ...]:  # type: ignore[override]  # str's takes one
        """Let copies be made."""
        return self.forms, self.number, dict(self.values)


def phrase(message: str, /, **values: object) -> str:
    """Make a phrase of a message, in which ``%(name)s`` stands for a value and ``%%`` for %."""
    return Phrase((message,), None, values)


def phrases(one: str, many: str, count: int, /, **values: object) -> str:
    """Make a phrase that depends on a count, which is ``%(count)s`` in it."""
    return Phrase((one, many), count, {"count": count, **values})


def deferred(message: str) -> str:
    """Mark a message that `phrase` is given later, so that it is in the catalogue."""
    return message


def forms(one: str, many: str) -> tuple[str, str]:
    """Mark the two messages that `phrases` is given later."""
    return one, many


def message_of(text: str) -> dict[str, object] | None:
    """Return a phrase's message and values, to be sent as JSON; None for text without a message.

    A message with a plural, and one with values that are phrases, is sent as English alone.
    """
    if not isinstance(text, Phrase) or text.number is not None:
        return None
    if any(type(each) is not str for each in text.values.values()):
        return None
    return {"message": text.forms[0], "values": dict(text.values)}


def read_message(said: object) -> str:
    """Make a phrase of what `message_of` returned. Raises ValueError for what is none."""
    if not isinstance(said, Mapping) or set(said) != {"message", "values"}:
        raise ValueError("a message must be an object with: message, values")
    message, values = said["message"], said["values"]
    if not isinstance(message, str) or "%" in _VALUE.sub("", message):
        raise ValueError("message must be a text in which %(name)s stands for a value")
    if not isinstance(values, Mapping) or not all(isinstance(v, str) for v in values.values()):
        raise ValueError("values must be an object of texts")
    try:
        return Phrase((message,), None, values)
    except KeyError as error:
        raise ValueError(f"the message has no value {error}") from error


def listed(parts: Iterable[str], between: str = ", ") -> str:
    """Put parts behind one another, each in its language; empty if there are none."""
    values = {f"part{number}": part for number, part in enumerate(parts)}
    between = between.replace("%", "%%")
    return Phrase((between.join(f"%({name})s" for name in values),), None, values)


def sentences(*parts: str | None) -> str:
    """Put sentences behind one another, without those that are empty."""
    return listed(filter(None, parts), " ")
