"""The messages in other languages, read from ``locale/LANGUAGE/messages.po`` once asked for."""

import io
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_contract.words.language import ENGLISH, LANGUAGES, language
from gpucommons_contract.words.phrase import Phrase

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LOCALE = Path(__file__).parent / "locale"


def in_language(text: str, code: str) -> str:
    """Write a phrase in a language. Any other text, such as a name, stays as it is."""
    if not isinstance(text, Phrase) or code == ENGLISH:
        return text
    values = {
        name: in_language(value, code) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return translated(text.forms, text.number, code) % values


def spoken(value: object) -> object:
    """Return a value with its phrases in the language of the request: text, list or mapping."""
    if isinstance(value, str):
        return in_language(value, language())
    if language() == ENGLISH:
        return value
    if isinstance(value, Mapping):
        return {key: spoken(each) for key, each in value.items()}
    return [spoken(each) for each in value] if isinstance(value, (list, tuple)) else value


def translated(forms: tuple[str, ...], count: int | None, code: str) -> str:
    """Return a message in a language, with its values still to be put in; else in English."""
    known = _translations(code)
    if count is None:
        return known.gettext(forms[0])
    return known.ngettext(forms[0], forms[1], count)


@cache
def for_scripts(code: str) -> Mapping[str, str]:
    """Return the messages that the pages' scripts write, by the English ones."""
    if code not in LANGUAGES or code == ENGLISH:
        return {}
    return {
        str(message.id): str(message.string)
        for message in _read(code)
        if message.string and any(file.endswith(".js") for file, _ in message.locations)
    }


@cache
def _translations(code: str) -> NullTranslations:
    if code not in LANGUAGES or code == ENGLISH:
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 -- English needs no Babel

    compiled = io.BytesIO()
    write_mo(compiled, _read(code))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def _read(code: str) -> "Catalog":
    from babel.messages.pofile import read_po  # noqa: PLC0415 -- as above

    with (LOCALE / code / "messages.po").open("rb") as file:
        return read_po(file, locale=code)
