"""Pages of this hub as addresses: where somebody wanted to go before they had to sign in. Pure."""

import base64
import binascii
import string
from urllib.parse import quote, urlsplit

LONGEST_PAGE = 3000
"""Characters. In base64 it is a third longer; proxies take lines of 8,000."""

_KEPT = "".join(set(string.punctuation) - set('\\"<>^`{|}')) + string.ascii_letters + string.digits


def page_on_hub(wanted: str) -> str | None:
    """Return an address as a path on this hub, with its query; None if it cannot be one.

    Hosts are dropped, as is what browsers take for one, such as a backslash. What a header
    cannot hold is escaped.
    """
    try:
        parts = urlsplit(quote(wanted, safe=_KEPT))
    except ValueError:
        return None
    if not wanted or len(wanted) > LONGEST_PAGE:
        return None
    page = parts._replace(scheme="", netloc="", path="/" + parts.path.lstrip("/")).geturl()
    return page if len(page) <= LONGEST_PAGE else None


def packed(page: str | None) -> str:
    """Write a page so that it can be a part of ``state``; empty for none."""
    return base64.urlsafe_b64encode((page or "").encode()).decode().rstrip("=")


def unpacked(text: str) -> str | None:
    """Read what `packed` wrote. It came through a browser, and is not to be trusted."""
    try:
        page = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return page_on_hub(page.decode())
    except (binascii.Error, ValueError):
        return None


def at_address(callback: str, host: str, path: str) -> str | None:
    """Return where a page must be opened instead, if a browser is at another host.

    callback is where a login ends, which is where its cookies must be; host is what the
    browser asked for. None if they are the same, or callback names no host.
    """
    parts = urlsplit(callback)
    if not parts.netloc or _plain(parts.netloc, parts.scheme) == _plain(host, parts.scheme):
        return None
    return f"{parts.scheme}://{parts.netloc}{path}"


def _plain(host: str, scheme: str) -> str:
    return host.lower().removesuffix(":443" if scheme == "https" else ":80")
