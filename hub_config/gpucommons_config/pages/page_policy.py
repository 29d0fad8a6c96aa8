"""What browsers are told about the hub's pages: what these may load, and who may show them.

A page runs the hub's own scripts, and of those that are written into it the templates' own: each
of these has the number of the response (nonce), which nobody can know beforehand. A name or a
message that became a script would not be run.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gpucommons_contract.page_policy import CONTENT_POLICY, HEADERS, PAGE, content_policy
from jinja2 import Environment, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context
from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform
from traitlets.config import Config

from gpucommons_config.composition import contents

SAME_SITE = {"samesite": "Lax"}
"""Of cookies: requests that another site makes come without them, but for links."""

_WRITTEN_IN = re.compile(r"<(script|style)\b(?![^>]*\bnonce\b)", re.IGNORECASE)
_SCRIPTS_BRING_STYLES = {"admin.html"}
"""JupyterHub's own script of this page adds its styles to it, without a nonce."""
_ASKS_FOR_AN_APPLICATION = "/api/oauth2/authorize"
_OWN_POLICY = {"default-src", "script-src"}
"""Directives that only somebody writes who decided what pages may run."""


@dataclass
class _Drawn:
    """What a page needs, as far as it has been drawn."""

    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    has_nonce: bool = False
    scripts_bring_styles: bool = False


_drawn: ContextVar[_Drawn] = ContextVar("drawn")


class ScriptsOfTemplates(Extension):
    """Gives the scripts and styles in templates, JupyterHub's and an installation's too, a nonce.

    It changes what a template's author wrote, before any value is put into it.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.globals["nonce_of_page"] = _nonce

    def preprocess(
        self,
        source: str,
        name: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
    ) -> str:
        """Return the template's text with the nonces."""
        return _WRITTEN_IN.sub(r'<\1 nonce="{{ nonce_of_page() }}"', source)


@pass_context
def _nonce(context: Context) -> str:
    """Return the nonce of the response that a page is drawn for; empty if it is for none."""
    drawn = _drawn.get(None)
    if drawn is None:
        return ""
    drawn.has_nonce = True
    drawn.scripts_bring_styles |= context.name in _SCRIPTS_BRING_STYLES
    return drawn.nonce


class PolicyOfPages(OutputTransform):
    """For Tornado's setting ``transforms``: adds the headers to what any handler responds.

    What a handler or the installation says itself stays. Tornado makes one for each request, before
    the task is begun that answers it.
    """

    subdomains = ""
    """Where sessions have addresses of their own: a source such as ``https://*.example.org``."""

    def __init__(self, request: HTTPServerRequest) -> None:
        """Begin with a nonce that no other response has."""
        super().__init__(request)
        self._path = request.path
        self._drawn = _Drawn()
        _drawn.set(self._drawn)

    def transform_first_chunk(
        self,
        status_code: int,
        headers: HTTPHeaders,
        chunk: bytes,
        finishing: bool,  # noqa: ARG002 -- Tornado's
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add what the headers lack."""
        for name, value in HEADERS.items():
            if name not in headers:
                headers[name] = value
        if headers.get("Content-Type", "").startswith("text/html"):
            said = headers.get(CONTENT_POLICY, "")
            theirs = _directives(said)
            if not _OWN_POLICY & theirs.keys():
                headers[CONTENT_POLICY] = content_policy({**dict(self._ours()), **theirs})
        return status_code, headers, chunk

    def _ours(self) -> Iterator[tuple[str, str]]:
        drawn = self._drawn
        nonce = f" 'nonce-{drawn.nonce}'" if drawn.has_nonce else ""
        yield from PAGE.items()
        yield "script-src", f"'self'{nonce}"
        # With a nonce beside it, 'unsafe-inline' would count for nothing.
        yield (
            "style-src",
            "'self' 'unsafe-inline'" if drawn.scripts_bring_styles else f"'self'{nonce}",
        )
        # Browsers look at where a form leads in the end, too. This one leads to the application.
        if self._path.endswith(_ASKS_FOR_AN_APPLICATION):
            yield "form-action", "*"
        elif self.subdomains:
            yield "form-action", f"'self' {self.subdomains}"


def _directives(policy: str) -> Mapping[str, str]:
    found = (each.strip().partition(" ") for each in policy.split(";") if each.strip())
    return {name.lower(): sources for name, _, sources in found}


def protect_pages(c: Config) -> None:
    """Add all this to ``c``, when the rest of it is written; what is set stays."""
    hub = c.JupyterHub
    options = contents(hub, "jinja_environment_options", {})
    extensions = [*options.get("extensions", []), ScriptsOfTemplates]
    hub.jinja_environment_options = {**options, "extensions": list(dict.fromkeys(extensions))}
    settings = contents(hub, "tornado_settings", {})
    cookies = settings.get("cookie_options", {})
    if "samesite" not in {each.lower() for each in cookies}:
        cookies = settings["cookie_options"] = {**SAME_SITE, **cookies}
        settings["xsrf_cookie_kwargs"] = {**cookies, **settings.get("xsrf_cookie_kwargs", {})}
    transforms = settings.get("transforms", [])
    if not any(issubclass(each, PolicyOfPages) for each in transforms):
        settings["transforms"] = [*transforms, _policy(hub.get("subdomain_host"))]
    hub.tornado_settings = settings


def _policy(subdomain_host: object) -> type[PolicyOfPages]:
    if not isinstance(subdomain_host, str) or not subdomain_host:
        return PolicyOfPages
    # Without a scheme, JupyterHub takes it for HTTPS.
    address = urlsplit(subdomain_host if "://" in subdomain_host else f"https://{subdomain_host}")
    source = f"{address.scheme}://*.{address.netloc}"
    return type("PolicyOfPages", (PolicyOfPages,), {"subdomains": source})
