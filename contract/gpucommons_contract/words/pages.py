"""Gives the templates of pages their messages: ``_("…")``, ``{% trans %}``, and phrases.

For ``jinja2.Environment(**OPTIONS)``, with TEMPLATES among the folders of its loader.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, pass_context
from jinja2.ext import InternationalizationExtension
from jinja2.runtime import Context
from markupsafe import Markup

from gpucommons_contract.words.language import ENGLISH, language, offered
from gpucommons_contract.words.phrase import Phrase
from gpucommons_contract.words.translation import for_scripts, in_language, translated

TEMPLATES = Path(__file__).parent / "templates"
"""What the frames of pages of several programs have in common."""
SCRIPTS = Path(__file__).parent / "static"
"""Folder with MOMENTS."""
MOMENTS = "moments.js"
"""The script that shows moments by the reader's clock. Each program serves it beside its own."""

_ENGLISH_PAGES = {"accept-share.html", "admin.html", "oauth.html"}
"""JupyterHub's own, which are not translated: also their frame is English then."""

_THEIR_LANGUAGE = '<html lang="en">'
_LANGUAGE_OF_PAGE = '<html lang="{{ page_language() }}">'


class Words(InternationalizationExtension):
    """Jinja's i18n, with the language of the request that a page is drawn for."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.newstyle_gettext = True  # type: ignore[attr-defined]
        environment.policies["ext.i18n.trimmed"] = True
        environment.globals.update(
            gettext=_message,
            ngettext=_messages,
            _=_message,
            page_language=_page_language,
            page_is_translated=_page_is_translated,
            languages_offered=offered,
            script_messages=_script_messages,
        )

    def preprocess(
        self,
        source: str,
        name: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
    ) -> str:
        """Let JupyterHub's frame say the page's language, for which it has no block."""
        return source.replace(_THEIR_LANGUAGE, _LANGUAGE_OF_PAGE)


@pass_context
def _page_language(context: Context) -> str:
    """Return the language of the page being drawn."""
    return language() if context.name not in _ENGLISH_PAGES else ENGLISH


@pass_context
def _page_is_translated(context: Context) -> bool:
    return context.name not in _ENGLISH_PAGES


@pass_context
def _message(context: Context, message: str, /, **values: object) -> str:
    return _filled(context, (message,), None, values)


@pass_context
def _messages(context: Context, one: str, many: str, count: int, /, **values: object) -> str:
    return _filled(context, (one, many), count, {"num": count, **values})


def _filled(
    context: Context, forms: tuple[str, ...], count: int | None, values: Mapping[str, object]
) -> str:
    """Write a message; as everywhere in a template, what is no markup is escaped."""
    code = _page_language(context)
    said = {
        name: in_language(value, code) if isinstance(value, Phrase) else value
        for name, value in values.items()
    }
    text = translated(forms, count, code)
    return Markup(text) % said if context.eval_ctx.autoescape else text % said  # noqa: S704 -- ours


@pass_context
def _finalize(context: Context, value: object) -> object:
    """Write phrases in the reader's language wherever a template shows one."""
    return in_language(value, _page_language(context)) if isinstance(value, Phrase) else value


@pass_context
def _script_messages(context: Context) -> Markup:
    """Return the messages of the pages' scripts as JSON for a page; empty in English."""
    found = for_scripts(_page_language(context))
    text = json.dumps(found, ensure_ascii=False).replace("<", "\\u003c") if found else ""
    return Markup(text)  # noqa: S704 -- no tag can be in it


OPTIONS: dict[str, Any] = {"extensions": [Words], "finalize": _finalize}
