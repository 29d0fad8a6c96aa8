"""What people read on the hub's pages, in English and in other languages."""

from gpucommons_contract.words.language import (
    ENGLISH,
    LANGUAGE_COOKIE,
    LANGUAGES,
    choose,
    language,
    offer,
    offered,
    set_language,
)
from gpucommons_contract.words.phrase import (
    Phrase,
    deferred,
    forms,
    listed,
    message_of,
    phrase,
    phrases,
    read_message,
    sentences,
)
from gpucommons_contract.words.translation import in_language, spoken, translated

__all__ = [
    "ENGLISH",
    "LANGUAGES",
    "LANGUAGE_COOKIE",
    "Phrase",
    "choose",
    "deferred",
    "forms",
    "in_language",
    "language",
    "listed",
    "message_of",
    "offer",
    "offered",
    "phrase",
    "phrases",
    "read_message",
    "sentences",
    "set_language",
    "spoken",
    "translated",
]
