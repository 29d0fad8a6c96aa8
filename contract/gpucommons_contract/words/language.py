"""Which language a request is answered in."""

import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar

ENGLISH = "en"
"""The language that everything is written in."""
LANGUAGES = {ENGLISH: "English", "de": "Deutsch", "ko": "한국어"}
"""Languages with a translation, and what each calls itself."""
LANGUAGE_COOKIE = "gpucommons-language"
"""Has the language that somebody chose."""

_offered: Mapping[str, str] = {ENGLISH: LANGUAGES[ENGLISH]}
_usual = ENGLISH
_LANGUAGE: ContextVar[str] = ContextVar("language", default=ENGLISH)
_ACCEPTED = re.compile(r"([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?")


def language() -> str:
    """Return the language of the request that this task answers; English outside of one."""
    return _LANGUAGE.get()


def set_language(code: str) -> None:
    """Let what this task, and those that it begins, write for people be in a language."""
    _LANGUAGE.set(code)


def offer(codes: Sequence[str], usual: str) -> None:
    """Let requests be answered in these languages, and in the usual one where nobody says which.

    Once, when a program starts. Before that everything is in English.
    """
    global _offered, _usual
    _offered, _usual = {code: LANGUAGES[code] for code in codes}, usual


def offered() -> Mapping[str, str]:
    """Return the languages that there are to choose, and what each calls itself."""
    return _offered


def choose(chosen: str, accepted: str) -> str:
    """Return the language that somebody chose, or else what the browser likes best, or the usual.

    accepted: the header Accept-Language. What is not offered does not count.
    """
    if chosen in _offered:
        return chosen
    liked: list[tuple[float, str]] = []
    for part in accepted.split(","):
        if found := _ACCEPTED.fullmatch(part.strip()):
            weight = float(found[2]) if found[2] else 1.0
            if weight > 0 and (code := found[1].lower()) in _offered:
                liked.append((weight, code))
    return max(liked, key=lambda each: each[0])[1] if liked else _usual
