"""A folder of a snapshot is read from restic's own tree, name by name, byte by byte."""

import base64
import json
from datetime import UTC, datetime

import pytest
from gpucommons_backup.repository.snapshot import parse_snapshot, parse_time
from gpucommons_backup.repository.tree import EntryKind, parse_tree, unquoted
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.backup.go_quoting import quoted

TIME = "2026-11-28T09:30:00.123456789+01:00"
PIECES = st.one_of(st.binary(max_size=4), st.text(max_size=3).map(lambda text: text.encode()))


def node(**said: object) -> dict[str, object]:
    return {"type": "file", "name": "a", "mtime": TIME, "mode": 0o644} | said


def entry(**said: object):
    text = json.dumps({"nodes": [node(**said)]}).encode()
    return parse_tree(text)[0]


@given(st.lists(PIECES, max_size=6).map(b"".join))
def test_any_name_that_go_quotes_comes_back(name):
    assert unquoted(quoted(name)) == name
    assert entry(name=quoted(name)).name == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("caf\\xe9", b"caf\xe9"),
        ("a\\nb", b"a\nb"),
        ("\\u2028", "\u2028".encode()),
        ("\\U000e0001", "\U000e0001".encode()),
        ('\\"\\\\x41', b'"\\x41'),
        ("\ufffd", "\ufffd".encode()),
        ("모델", "모델".encode()),
    ],
)
def test_names_as_restic_writes_them(written, name):
    assert unquoted(written) == name


def test_a_file_has_its_parts_its_size_and_its_rights():
    found = entry(size=7, content=["one", "two"], mode=0o100640)
    assert (found.kind, found.size, found.content) == (EntryKind.FILE, 7, ("one", "two"))
    assert found.mode == 0o640


def test_an_empty_file_has_no_parts():
    assert entry(content=None).content == ()


def test_a_folder_has_a_tree_of_its_own():
    found = entry(type="dir", subtree="abc")
    assert (found.kind, found.tree) == (EntryKind.FOLDER, "abc")


def test_a_link_s_target_is_bytes_where_it_is_no_text():
    raw = base64.b64encode(b"caf\xe9").decode()
    assert entry(type="symlink", linktarget="caf\ufffd", linktarget_raw=raw).target == b"caf\xe9"
    assert entry(type="symlink", linktarget="über").target == "über".encode()


def test_pipes_and_devices_are_something_else():
    assert {entry(type=each).kind for each in ("fifo", "chardev", "socket")} == {EntryKind.OTHER}


def test_times_have_microseconds():
    expected = datetime(2026, 11, 28, 8, 30, 0, 123456, UTC)
    assert entry().modified == expected
    assert parse_time("2026-11-28T08:30:00Z") == expected.replace(microsecond=0)
    assert parse_time("2026-11-28T08:30:00.1Z") == expected.replace(microsecond=100000)


@pytest.mark.parametrize("text", ["0000-02-03T00:00:00Z", "9999-12-31T23:59:59.9-01:00"])
def test_a_time_that_nobody_has_lived_in_hides_no_folder(text):
    assert entry(mtime=text).name == b"a"


def test_a_snapshot_of_an_older_restic_has_no_summary():
    found = parse_snapshot({"id": "1", "time": TIME, "tree": "t", "hostname": "workspace"})
    assert (found.files, found.size, found.tags) == (None, None, frozenset())


def test_a_tag_carries_a_value():
    said = {"id": "1", "time": TIME, "tree": "t", "tags": ["of=abc", "live"]}
    found = parse_snapshot(said)
    assert (found.value("of="), found.value("state=")) == ("abc", None)
