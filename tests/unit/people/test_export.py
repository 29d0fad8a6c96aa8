"""A file with somebody's files: what is in it, and that it is whole or not there at all."""

import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from gpucommons_people.errors import InputError, PeopleError
from gpucommons_people.files import export as module
from gpucommons_people.files.export import Export, sum_line

NASTY = (b"caf\xe9.txt", b"two\nlines", b"back\\slash", b"-rf", b"[a]*", b"SHA256SUMS", b"x" * 200)
ABOUT = {"user": "ada"}
CHECK = ["sha256sum", "--check", "--status", "SHA256SUMS"]


def _nothing(_bytes: int) -> None:
    pass


def _tar(folder: Path) -> bytes:
    """What a service sends: files of nasty names, a folder, links."""
    packed = io.BytesIO()
    with tarfile.open(
        fileobj=packed, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape"
    ) as tar:
        for name in NASTY:
            file = folder / os.fsdecode(name)
            file.write_bytes(name * 3)
            tar.add(file, os.fsdecode(b"work/" + name))
        (folder / "link").symlink_to("nowhere")
        tar.add(folder / "link", "work/link")
        os.link(folder / "-rf", folder / "twin")
        tar.add(folder / "twin", "work/twin")
    return packed.getvalue()


@pytest.fixture
def sent(tmp_path: Path) -> list[bytes]:
    (tmp_path / "home").mkdir()
    content = _tar(tmp_path / "home")
    return [content[start : start + 1000] for start in range(0, len(content), 1000)]


PACKED = pytest.param(
    "ada.tar.zst",
    marks=pytest.mark.skipif(shutil.which("zstd") is None, reason="needs the program zstd"),
)
NAMES = [PACKED, "ada.tar"]
SIZE = sum(len(name) * 3 for name in NASTY)


@pytest.mark.parametrize("name", NAMES)
def test_stock_programs_unpack_and_check_it(tmp_path: Path, sent: list[bytes], name: str) -> None:
    done = 0

    def told(more: int) -> None:
        nonlocal done
        done += more

    target = tmp_path / name
    content = Export(target).write(iter(sent), SIZE, ABOUT, told)
    assert (content.size, content.entries, len(content.sums)) == (SIZE, len(NASTY) + 2, len(NASTY))
    assert done == 2 * SIZE
    assert target.stat().st_mode & 0o777 == 0o600
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-C", out, "-xf", target], check=True)
    subprocess.run([*CHECK, "--strict"], cwd=out, check=True)
    assert json.loads((out / "export.json").read_text()) == {
        "user": "ada",
        "entries": len(NASTY) + 2,
        "bytes": SIZE,
    }
    work = out / "files" / "work"
    names = sorted(os.fsencode(each.name) for each in work.iterdir())
    assert names == sorted([*NASTY, b"link", b"twin"])
    for each in NASTY:
        assert (work / os.fsdecode(each)).read_bytes() == each * 3
    assert (work / "twin").read_bytes() == b"-rf" * 3
    assert (work / "link").readlink() == Path("nowhere")
    (work / "[a]*").write_text("another")
    failed = subprocess.run(CHECK, cwd=out, check=False)
    assert failed.returncode == 1


class _EndedError(Exception):
    pass


def _cut(sent: list[bytes]):
    yield from sent[:2]
    raise _EndedError


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("change", "error"),
    [
        (_cut, _EndedError),
        (lambda sent: iter(sent[:2]), PeopleError),
        (lambda _sent: iter([b"no tar" * 1000]), PeopleError),
        (lambda sent: iter([*sent[:-20], bytes(10240)]), PeopleError),
    ],
)
def test_what_does_not_come_whole_leaves_nothing(tmp_path, sent, name, change, error) -> None:
    folder = tmp_path / "to"
    folder.mkdir()
    with pytest.raises(error):
        Export(folder / name).write(change(sent), SIZE, ABOUT, _nothing)
    assert list(folder.iterdir()) == []


def test_a_disk_that_gives_back_something_else_leaves_nothing(tmp_path, sent, monkeypatch) -> None:
    folder = tmp_path / "to"
    folder.mkdir()
    compare = Export._compare

    def flipped(self, content, on_bytes):
        part = next(folder.iterdir())
        data = bytearray(part.read_bytes())
        data[data.index(b"-rf-rf-rf")] ^= 1
        part.write_bytes(data)
        compare(self, content, on_bytes)

    monkeypatch.setattr(Export, "_compare", flipped)
    with pytest.raises(PeopleError, match="not what came"):
        Export(folder / "ada.tar").write(iter(sent), SIZE, ABOUT, _nothing)
    assert list(folder.iterdir()) == []


def test_names_that_cannot_be_are_refused_before_anything_is_read(tmp_path, monkeypatch) -> None:
    for name in ("ada.zip", "none/ada.tar"):
        with pytest.raises(InputError):
            Export(tmp_path / name)
    (tmp_path / "there.tar").touch()
    with pytest.raises(InputError, match="there already"):
        Export(tmp_path / "there.tar")
    monkeypatch.setattr(module.shutil, "which", lambda _name: None)
    with pytest.raises(InputError, match="Install it, or write to a"):
        Export(tmp_path / "ada.tar.zst")


def test_a_line_is_written_as_sha256sum_writes_it(tmp_path: Path) -> None:
    for name in NASTY[:-1]:
        (tmp_path / os.fsdecode(name)).write_bytes(name)
        command = ["sha256sum", "--", os.fsdecode(name)]
        said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout
        digest = said.removeprefix(b"\\").split(b" ")[0].decode()
        assert sum_line(os.fsdecode(name), digest) == said
