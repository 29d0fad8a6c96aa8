"""What somebody reads who speaks plain HTTP to a port where HTTPS is spoken. Pure."""

_READS_ONLY = frozenset({"GET", "HEAD"})


def answer(request: bytes, url: str) -> bytes:
    """Return the answer to a request's head; url is the same port with HTTPS, without a path.

    Browsers are led there, for this once: they would keep a permanent redirect when the platform
    is back at HTTP. A program that sends something is refused: its token has just been readable
    on the way, and with a redirect nobody would notice.
    """
    method, target = _method_and_target(request)
    # Built from our own address: what the client calls us could be any other.
    where = url + target
    lines = [
        "307 Temporary Redirect" if method in _READS_ONLY else "400 Bad Request",
        *([f"Location: {where}"] if method in _READS_ONLY else []),
        "Cache-Control: no-store",
        "Content-Type: text/plain; charset=utf-8",
        "Connection: close",
    ]
    text = f"HTTPS is spoken here. Open {url}\n"
    head = "\r\n".join([f"HTTP/1.1 {lines[0]}", *lines[1:], f"Content-Length: {len(text)}"])
    return f"{head}\r\n\r\n{'' if method == 'HEAD' else text}".encode("ascii")


def _method_and_target(request: bytes) -> tuple[str, str]:
    """Read the first line; a target that is no path, as proxies are sent, becomes the first."""
    words = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    target = words[1] if len(words) == 3 else "/"
    is_path = target.startswith("/") and target.isascii() and target.isprintable()
    return words[0], target if is_path else "/"
