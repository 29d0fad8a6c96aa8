"""Addresses of HTTP servers as people give them to commands."""

from urllib.parse import urlsplit


def is_http_server(text: str) -> bool:
    """Whether a text is ``http://HOST`` or ``https://HOST``, with a port and a path at most."""
    try:
        address = urlsplit(text)
        usable = address.scheme in {"http", "https"} and address.hostname and address.port != 0
    except ValueError:  # of the port, or of brackets
        return False
    return bool(usable) and not ("@" in address.netloc or address.query or address.fragment)
