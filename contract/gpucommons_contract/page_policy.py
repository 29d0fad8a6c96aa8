"""What browsers may do with the pages of the hub and of our services.

https://www.w3.org/TR/CSP3/ and https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
"""

import base64
import hashlib
from collections.abc import Mapping

CONTENT_POLICY = "Content-Security-Policy"
HEADERS: Mapping[str, str] = {
    # A file that somebody made is never run as a script for looking like one.
    "X-Content-Type-Options": "nosniff",
    # Addresses of sessions have people's names in them: other sites are told none.
    "Referrer-Policy": "same-origin",
}
"""What every response has, whatever it is."""

PAGE: Mapping[str, str] = {
    "default-src": "'self'",
    # Bootstrap's icons are in its style sheet, as data.
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""What a page may load, by directive: what its server has, and nothing that is written into it."""


def content_policy(directives: Mapping[str, str]) -> str:
    """Write directives as the value of the header `CONTENT_POLICY`."""
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def content_hash(text: str) -> str:
    """Return the source that lets through a script or style that is in a page: exactly this text.

    >>> content_hash("doSomething();")
    "'sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc='"
    """
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
