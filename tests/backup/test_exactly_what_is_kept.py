"""restic has what our own walk says is kept, and nothing of what it says is left out.

A mistake in the patterns between them would lose somebody's files, or keep gigabytes.
"""

import itertools
import json
import os
import random
from pathlib import Path

from gpucommons_backup import Manifest, Survey
from gpucommons_backup.notes import ABOUT, MANIFEST
from gpucommons_backup.verifying import differences
from gpucommons_backup.workspace.excludes import LARGEST, Excludes
from gpucommons_backup.workspace.not_kept import CACHE_SIGNATURE, LARGE

from tests.backup.nasty import NAMES
from tests.backup.takings import Takings

_LETTERS = [
    *(b"[", b"]", b"*", b"?", b"\\", b"^", b"-", b"!", b"$", b"{", b"}", b"#", b"a", b"b", b"."),
    *(b" ", b"\t", b"\n", b"\r", b"\x01", b"\x0b", b"\xff", b"\xa0", "\u00a0".encode()),
    *("\u3000".encode(), "\u0085".encode(), "é".encode(), "\U0010ffff".encode()),
]
"""Of few letters, so that a pattern that fits too much has something else to fit."""


def names(seed: int, number: int) -> list[bytes]:
    """Names at random, all different, each of one to three letters."""
    chance, found = random.Random(seed), set[bytes]()
    while len(found) < number:
        found.add(b"".join(chance.choices(_LETTERS, k=chance.randint(1, 3))))
    return sorted(found - {b".", b".."})


def put(root: Path, *parts: bytes) -> None:
    path = os.path.join(os.fsencode(root), *parts)  # noqa: PTH118 -- bytes
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(b"x")


def all_in(root: Path) -> set[bytes]:
    """All paths in a folder, by Python's own walk."""
    top = os.fsencode(root)
    return {
        os.path.relpath(os.path.join(folder, name), top)  # noqa: PTH118
        for folder, folders, files in os.walk(top)
        for name in itertools.chain(folders, files)
    }


def check(takings: Takings) -> None:
    kept = {each.path for each in Survey(takings.workspace, takings.excludes).lines()}
    everything = all_in(takings.workspace)
    assert kept < everything, "nothing is left out"
    report = takings.take()
    assert all_in(takings.restore(report)) == kept
    assert takings.verify(report) == []


def test_with_folders_left_out_beside_others_whose_names_are_like_theirs(takings):
    for number, name in enumerate(names(seed=1, number=500)):
        put(takings.workspace, b"folders", name, b"CACHEDIR.TAG")
        if number % 2:
            tag = os.path.join(b"folders", name, b"CACHEDIR.TAG")  # noqa: PTH118 -- bytes
            (takings.workspace / os.fsdecode(tag)).write_bytes(CACHE_SIGNATURE)
    check(takings)


def test_with_files_left_out_beside_others_whose_names_are_like_theirs(takings):
    for number, name in enumerate(names(seed=2, number=500)):
        kind = b".sqlite" if number % 2 else b".sqlit"
        put(takings.workspace, b".ipython", name + kind)
        put(takings.workspace, b"other", name + kind)
    check(takings)


def test_with_each_rule_in_folders_of_nasty_names(takings):
    for name in [*NAMES, *names(seed=3, number=60)]:
        for rest in (
            *(b"venv/pyvenv.cfg", b"venv/lib/a", b"venv/bin/b", b"venv/lib/python3.12/c"),
            *(b"conda/conda-meta/a", b"conda/bin/b", b"conda/lib/python3.12/c", b"conda/lib/d"),
            *(b"marked/.nobackup", b"marked/a", b"marked/b/c", b"not marked/a"),
            *(b"__pycache__/a", b"__pycache__ /a", b"node_modules/a/b", b"n/node_modules"),
        ):
            put(takings.workspace, b"in", name, rest)
    check(takings)


def test_with_files_that_conda_has_installed_beside_others_whose_names_are_like_theirs(takings):
    chosen = [each for each in names(seed=4, number=120) if os.fsdecode(each).isprintable()]
    listed = [os.fsdecode(b"lib/" + each) for each in chosen[::2]]
    put(takings.workspace, b"env/conda-meta/history")
    (takings.workspace / "env/conda-meta/a.json").write_text(json.dumps({"files": listed}))
    for each in chosen:
        put(takings.workspace, b"env/lib", each)
        os.truncate(takings.workspace / "env/lib" / os.fsdecode(each), LARGE)
    check(takings)


def test_with_names_that_administrators_leave_out_beside_others_like_them(takings):
    found = [each.replace(b"*", b"") for each in names(seed=5, number=300)]
    chosen = [each for each in found[::2] if each.isascii() and os.fsdecode(each).isprintable()]
    texts = {os.fsdecode(each) for each in chosen if each}
    takings.excludes = Excludes([*sorted(texts), "*.ckpt", "workspace", "a*b*", "모델"])
    for name in {*found, b"x.ckpt", b".ckpt", b"x.ckpts", "모델".encode(), "모델2".encode()} - {
        b""
    }:
        put(takings.workspace, b"in", b"f-" + name, name)
        put(takings.workspace, b"in", b"d-" + name, name, b"x")
    put(takings.workspace, b"workspace", b"x")
    check(takings)


def test_a_file_above_the_usual_limit_is_kept_and_compared_where_administrators_say_so(takings):
    takings.excludes = Excludes(largest=2 * LARGEST)
    with (takings.workspace / "model.bin").open("wb") as file:
        file.write(b"weights")
        file.truncate(LARGEST + 1)
    lines = [each.path for each in Survey(takings.workspace, takings.excludes).lines()]
    assert lines == [b"model.bin"]
    notes = takings.new_folder("notes")
    (notes / ABOUT).write_text('{"moving": [], "unreadable": []}')
    Manifest(notes / MANIFEST).write(Survey(takings.workspace, takings.excludes).lines())
    assert differences(notes, takings.workspace) == []


def test_in_a_workspace_that_is_itself_called_so(repository, tmp_path):
    for name in (b"[w]* $HOME\\", "w\u3000".encode()):
        workspace = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))  # noqa: PTH118
        put(workspace, b".cache/a")
        put(workspace, b"kept")
        takings = Takings(repository, workspace, tmp_path)
        assert all_in(takings.restore(takings.take())) == {b"kept"}


def test_marked_at_home(takings):
    for name in (b".nobackup", b"a", b"b/c", b".hidden"):
        put(takings.workspace, name)
    check(takings)


def test_sockets_are_in_neither(takings):
    import socket

    put(takings.workspace, b"kept")
    put(takings.workspace, b".cache/x")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(takings.workspace / "s"))
        check(takings)


def test_nothing_left_out_is_taken_for_kept_when_it_is_verified(takings):
    """A snapshot that has more than our walk lists is not as it must be."""
    put(takings.workspace, b"kept")
    put(takings.workspace, b".cache/a")
    report = takings.take()
    assert takings.verify(report) == []
