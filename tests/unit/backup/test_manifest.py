"""A manifest says what a workspace has; two of them differ where something was changed."""

import pytest
from gpucommons_backup.workspace import Difference, Line, Manifest, compare
from gpucommons_backup.workspace.manifest import sort_key, with_content
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.binary(min_size=1, max_size=4).filter(lambda name: not {0, 47} & set(name))
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
LINES = st.builds(
    Line,
    path=PATHS,
    kind=st.sampled_from(["file", "dir", "symlink", "other"]),
    mode=st.integers(0, 0o7777),
    modified=st.integers(-(2**62), 2**62),
    size=st.integers(0, 2**50),
    target=st.none() | st.binary(max_size=4),
    twin=st.none() | PATHS,
    sha256=st.none() | st.just("ab" * 32),
)
LISTS = st.lists(LINES, unique_by=lambda line: line.path, max_size=12).map(
    lambda lines: sorted(lines, key=lambda line: sort_key(line.path))
)
LINE = Line(b"a", "file", 0o644, 1, size=2, sha256="1" * 64)


@given(LISTS)
def test_what_is_written_is_read(tmp_path_factory, lines):
    manifest = Manifest(tmp_path_factory.mktemp("manifest") / "m.gz")
    manifest.write(lines)
    assert list(manifest.lines()) == lines


@given(LISTS, st.none() | st.sets(st.integers(0, 11)))
def test_a_copy_has_what_was_chosen_changed_and_all_else_as_it_was(tmp_path_factory, lines, only):
    folder = tmp_path_factory.mktemp("manifest")
    manifest, copied = Manifest(folder / "m.gz"), Manifest(folder / "copied.gz")
    manifest.write(lines)
    manifest.copy(copied, lambda line: line._replace(sha256="cd" * 32), only)
    expected = [
        line._replace(sha256="cd" * 32) if only is None or number in only else line
        for number, line in enumerate(lines)
    ]
    assert list(copied.lines()) == expected


@given(LISTS)
def test_a_list_does_not_differ_from_itself(lines):
    assert list(compare(lines, lines)) == []


@given(LISTS, LISTS)
def test_what_one_has_and_the_other_not_is_named_once(before, after):
    found = list(compare(before, after))
    old, new = {each.path for each in before}, {each.path for each in after}
    missing = {each.path for each in found if each.what == "is missing"}
    added = {each.path for each in found if each.what == "was not there before"}
    assert (missing, added) == (old - new, new - old)
    assert len({each.path for each in found}) == len(found)


@given(LISTS.filter(bool), st.data())
def test_a_single_change_is_named_alone(lines, data):
    number = data.draw(st.integers(0, len(lines) - 1))
    name = data.draw(st.sampled_from(["mode", "modified", "size"]))
    changed = lines[number]._replace(**{name: getattr(lines[number], name) + 1})
    found = list(compare(lines, [*lines[:number], changed, *lines[number + 1 :]]))
    assert [each.path for each in found] == [changed.path]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"kind": "dir"}, "was file, is dir"),
        ({"mode": 0o600}, "has another permissions"),
        ({"modified": 2}, "has another time"),
        ({"size": 3, "modified": 2}, "has another time and another size"),
        ({"target": b"x"}, "has another target"),
        ({"twin": b"x"}, "has another other name"),
        ({"sha256": "2" * 64}, "has another content"),
    ],
)
def test_a_difference_is_put_in_words(change, what):
    assert list(compare([LINE], [LINE._replace(**change)])) == [Difference(b"a", what)]


def test_a_content_that_one_has_not_read_is_no_difference():
    assert list(compare([LINE], [LINE._replace(sha256=None)])) == []


def test_a_content_is_hashed(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert with_content(LINE, tmp_path).sha256 == expected
