"""A workspace of all that people really have, and of what they had better not."""

import os
from pathlib import Path

NAMES = [
    b"caf\xe9.txt",
    b"two\nlines",
    b"end of line\r",
    b"run [v1]*.ipynb",
    b"-rf",
    b"--help",
    b"$HOME",
    b"$$",
    b"${PATH}",
    b" blanks ",
    b"tab\t",
    b"back\\slash",
    b"{a,b}",
    b"^caret]",
    b"question?",
    b"# comment",
    b"!not",
    b"'quotes\"",
    b"colon:semi;",
    b"~tilde%41",
    b"...",
    b"bell\x07\x7f",
    "모델 데이터\u3000".encode(),
    "no-break\u00a0".encode(),
    "line\u2028separator".encode(),
    "e\u0301 é 🎓".encode(),
    b"\xff\xfe",
    b"\xf0\x9f",
    b"n" * 255,
    ("ü" * 127).encode(),
]
"""Names of files and folders."""


def make_nasty(root: Path, *, many: int = 0) -> None:
    """Fill a folder; ``many``: how many files one of its folders has."""
    top = os.fsencode(root)
    for number, name in enumerate(NAMES):
        _write(top + b"/files/" + name, f"{number}\n".encode())
        _write(top + b"/folders/" + name + b"/" + name, name)
        os.utime(top + b"/files/" + name, ns=(1, 1_700_000_000_123_456_789 + number))
    _write(top + b"/empty", b"")
    _make_special(top)
    for number in range(many):
        _write(top + b"/many/" + str(number).encode(), str(number % 7).encode())


def _make_special(top: bytes) -> None:
    os.makedirs(top + b"/special")  # noqa: PTH103 -- bytes
    special = top + b"/special/"
    links = {b"dangling": b"nowhere", b"to bytes": b"caf\xe9/\xff", b"loop": b"loop"}
    for name, target in (links | {b"to a folder": b"/etc"}).items():
        os.symlink(target, special + name)  # noqa: PTH211 -- bytes
    _write(special + b"one", b"the same")
    os.link(special + b"one", special + b"another")
    os.link(special + b"one", top + b"/elsewhere")
    with open(special + b"sparse", "wb") as file:  # noqa: PTH123 -- bytes
        file.truncate(8 * 2**20)
        file.seek(4 * 2**20)
        file.write(b"in the middle")
    _write(special + b"labelled", b"x")
    os.setxattr(special + b"labelled", "user.origin", b"\x00\xff")
    os.mkfifo(special + b"pipe")
    os.makedirs(special + b"shared")  # noqa: PTH103
    os.chmod(special + b"shared", 0o2770)  # noqa: PTH101
    _write(special + b"shared/read only", b"x")
    os.chmod(special + b"shared/read only", 0o400)  # noqa: PTH101
    _write(special + b"script", b"#!/bin/sh\n")
    os.chmod(special + b"script", 0o755)  # noqa: PTH101
    _write(special + b"old", b"x")
    os.utime(special + b"old", ns=(-1, -1_500_000_000_000_000_001))


def _write(path: bytes, content: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 -- bytes
    with open(path, "wb") as file:  # noqa: PTH123 -- bytes
        file.write(content)
