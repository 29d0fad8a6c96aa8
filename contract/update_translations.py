"""Brings the translations up to date with what the sources say: ``make translations``.

A message that is new, or has changed, is left for a translator: empty, or marked ``fuzzy``. What
programs read in place of the translators' files is written anew.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from gpucommons_contract.words import ENGLISH, LANGUAGES
from translated_programs import PROGRAMS, ROOT, Program

_WIDTH = 100


def extracted(program: Program) -> Catalog:
    """Return all messages of the sources, with the files that each is in."""
    found = _empty(None)
    for file, message, context in program.found():
        found.add(message, None, [(file, None)], context=context)
    return found


def read(program: Program, language: str) -> Catalog:
    """Return the translation of a program's messages, as far as there is one."""
    file = program.file(language)
    if not file.exists():
        return _empty(language)
    with file.open("rb") as opened:
        return read_po(opened, locale=language)


def main() -> None:
    """Write the files anew, and say how much there is to be translated."""
    for program in PROGRAMS:
        sources = extracted(program)
        for language in LANGUAGES:
            if language != ENGLISH:
                _update(program, language, sources)


def _update(program: Program, language: str, sources: Catalog) -> None:
    catalogue = read(program, language)
    catalogue.update(sources, no_fuzzy_matching=False, update_creation_date=False)
    catalogue.obsolete.clear()
    file = program.file(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        write_po(opened, catalogue, width=_WIDTH, sort_by_file=True, include_lineno=False)
    for path, text in program.written(language, read(program, language)).items():
        path.write_text(text)
    left = [each for each in catalogue if each.id and (each.fuzzy or not _is_done(each.string))]
    _say(file, f"{len(left)} of {len(catalogue)} to translate")


def _empty(language: str | None) -> Catalog:
    return Catalog(language, project="GPU Commons", version="", fuzzy=False, header_comment="")


def _is_done(text: object) -> bool:
    return all(text) if isinstance(text, tuple) else bool(text)


def _say(file: Path, words: str) -> None:
    sys.stdout.write(f"{file.relative_to(ROOT)}: {words}\n")


if __name__ == "__main__":
    main()
