"""In which languages pages are offered, and how a person chooses one."""

import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

from gpucommons_contract.words import (
    ENGLISH,
    LANGUAGE_COOKIE,
    LANGUAGES,
    offer,
    offered,
)
from gpucommons_contract.words.pages import OPTIONS, TEMPLATES
from gpucommons_contract.words.requests import LANGUAGE_PARAMETER, LanguageOfRequest
from jupyterhub.handlers import BaseHandler
from jupyterhub.utils import url_path_join
from tornado.web import HTTPError
from traitlets import List, TraitError, Unicode, validate
from traitlets.config import Config, Configurable

from gpucommons_config.composition import add, contents

_KEPT_DAYS = 365
"""How long a browser remembers what was chosen."""


class Languages(Configurable):
    """The languages of the pages of hub and idle culler."""

    offered = List(
        Unicode(),
        list(LANGUAGES),
        help=f"""
        Languages that people can choose, in this order; each sees the one that their browser asks
        for, until they choose another at the foot of a page. The default is all that there are:
        {", ".join(f"``{code}`` ({name})" for code, name in LANGUAGES.items())}. With a single one
        there is nothing to choose. Example: ``offered: [en, de]``
        """,
    ).tag(config=True)

    usual = Unicode(
        ENGLISH,
        help="""
        The language for those whose browser asks for none that is offered; must be one of
        ``offered``. The default is English, in which everything is written.
        Example: ``usual: de``
        """,
    ).tag(config=True)

    @validate("offered")
    def _known(self, proposal: Mapping[str, list[str]]) -> list[str]:
        codes = proposal["value"]
        unknown = [code for code in codes if code not in LANGUAGES]
        if not codes or unknown:
            wrong = f"there is no translation to {unknown[0]!r}" if unknown else "it is empty"
            raise TraitError(f"Languages.offered: {wrong}. Choose from {', '.join(LANGUAGES)}.")
        return codes

    def begin(self) -> None:
        """Offer them. Raises TraitError if the usual one is not among them."""
        if self.usual not in self.offered:
            raise TraitError(
                f"Languages.usual is {self.usual!r}, which Languages.offered has not. "
                f"Choose from {', '.join(self.offered)}."
            )
        offer(self.offered, self.usual)


def add_languages(c: Config) -> None:
    """Let pages be in the languages that ``c.Languages`` says. A mistake stops the hub."""
    try:
        Languages(config=c).begin()
    except TraitError as error:
        sys.exit(f"gpucommons: {error}")
    hub = c.JupyterHub
    add(hub, "jinja_environment_options", dict(OPTIONS))
    add(hub, "template_paths", [str(TEMPLATES)])
    settings = contents(hub, "tornado_settings", {})
    transforms = settings.get("transforms", [])
    if LanguageOfRequest not in transforms:
        hub.tornado_settings = {**settings, "transforms": [LanguageOfRequest, *transforms]}
    add(hub, "extra_handlers", [(r"/gpucommons/language", LanguageHandler)])


class LanguageHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub publishes no types
    """Remembers in the browser which language a person chose, and leads back to the page."""

    def get(self) -> None:
        """Set the cookie. Everybody may, also before signing in."""
        code = self.get_argument(LANGUAGE_PARAMETER, "")
        if code not in offered():
            raise HTTPError(400, f"Choose a language from {', '.join(offered())}.")
        self.set_cookie(
            LANGUAGE_COOKIE,
            code,
            expires_days=_KEPT_DAYS,
            path=self.base_url,
            secure=self.request.protocol == "https",
            httponly=True,
            samesite="Lax",
        )
        self.redirect(self._page())

    def _page(self) -> str:
        """Return the page that led here, if it is one of this site."""
        came = urlsplit(self.request.headers.get("Referer", ""))
        if came.netloc != self.request.host or not came.path.startswith(self.base_url):
            return str(url_path_join(self.hub.base_url, "home"))
        return f"{came.path}?{came.query}" if came.query else came.path
