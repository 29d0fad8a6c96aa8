"""In which language JupyterLab is, and what the session itself says."""

from collections.abc import Mapping

from gpucommons_contract import SessionVariable
from gpucommons_contract.words import ENGLISH

LOCALES = {"de": "de_DE", "ko": "ko_KR"}
"""What JupyterLab calls the languages that there is a translation to."""


def session_language(environment: Mapping[str, str]) -> str:
    """Return the language of the page that the session was started from; else English."""
    code = environment.get(SessionVariable.LANGUAGE, ENGLISH)
    return code if code in LOCALES else ENGLISH


def make_usual(language: str) -> None:
    """Let JupyterLab be in a language for whoever has chosen none in its settings.

    What JupyterLab takes as "default" there is the locale of its process. That one stays: it would
    have to be installed in every image, and kernels and terminals would take it over.
    """
    if language == ENGLISH:
        return
    # Here: a session in English is done without them sooner.
    from jupyterlab_server import settings_utils, translations_handler  # noqa: PLC0415

    for module in (settings_utils, translations_handler):
        module.SYS_LOCALE = LOCALES[language]  # type: ignore[attr-defined]  # theirs by import
