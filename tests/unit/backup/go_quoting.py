"""How Go's strconv.Quote writes a name, by https://pkg.go.dev/strconv#Quote."""

import unicodedata
from collections.abc import Iterator

_LETTERS = {7: "a", 8: "b", 12: "f", 10: "n", 13: "r", 9: "t", 11: "v", 34: '"', 92: "\\"}


def quoted(name: bytes) -> str:
    """Quote a name, without the marks around it."""
    return "".join(_parts(name))


def _parts(name: bytes) -> Iterator[str]:
    at = 0
    while at < len(name):
        character = _character(name[at : at + 4])
        if character is None:
            yield f"\\x{name[at]:02x}"
            at += 1
            continue
        yield _written(ord(character))
        at += len(character.encode())


def _character(start: bytes) -> str | None:
    for length in range(1, 5):
        try:
            return start[:length].decode()
        except UnicodeDecodeError:
            continue
    return None


def _written(code: int) -> str:
    if code in _LETTERS:
        return f"\\{_LETTERS[code]}"
    if code == 32 or unicodedata.category(chr(code))[0] in "LMNPS":
        return chr(code)
    if code < 32 or code == 127:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
