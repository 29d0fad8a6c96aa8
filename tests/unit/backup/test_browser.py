"""Looking into snapshots: folder by folder, and each folder of the store once."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_backup import Browser, Snapshot

TIME = "2026-11-28T08:30:00Z"


class Trees:
    """The folders of a repository, and which of them were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._trees: dict[str, bytes] = {}

    def put(self, identifier: str, **entries: str | list[str]) -> str:
        """Keep a folder: of each entry its parts, or the tree that it has."""
        nodes = [
            {"name": name, "type": "file", "mtime": TIME, "content": said}
            if isinstance(said, list)
            else {"name": name, "type": "dir", "mtime": TIME, "subtree": said}
            for name, said in entries.items()
        ]
        self._trees[identifier] = json.dumps({"nodes": nodes}).encode()
        return identifier

    def tree(self, identifier: str) -> bytes:
        self.asked.append(identifier)
        return self._trees[identifier]


def snapshot(tree: str, hours: int = 0) -> Snapshot:
    time = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=hours)
    return Snapshot(id=f"{tree}-{hours}", time=time, tree=tree, host="workspace")


@pytest.fixture
def trees() -> Trees:
    return Trees()


def test_folders_are_found_by_their_path(trees):
    trees.put("top", a="inner", f=["1"])
    trees.put("inner", b="empty", g=["2"])
    trees.put("empty")
    browser, whole = Browser(trees), snapshot("top")
    assert [each.name for each in browser.folder(whole) or ()] == [b"a", b"f"]
    assert [each.name for each in browser.folder(whole, b"a") or ()] == [b"b", b"g"]
    assert browser.folder(whole, b"a/b") == ()
    for path in (b"f", b"none", b"a/none", b"f/x", b"a/g/x"):
        assert browser.folder(whole, path) is None
    assert browser.entry(whole, b"none/x") is None


def test_a_folder_is_read_once_for_all_snapshots_that_have_it(trees):
    trees.put("one", a="same")
    trees.put("two", a="same", b=["1"])
    trees.put("same", c=["1"])
    browser = Browser(trees)
    for tree in ("one", "two", "one"):
        browser.entry(snapshot(tree), b"a/c")
    assert trees.asked == ["one", "same", "two"]


def test_folders_seen_long_ago_are_forgotten(trees):
    for number in range(600):
        trees.put(str(number), **{f"file{each}": ["1"] for each in range(20)})
    browser = Browser(trees)
    for number in range(600):
        browser.folder(snapshot(str(number)))
        browser.folder(snapshot("0"))  # in use all the time
    assert len(trees.asked) == 600
    browser.folder(snapshot("599"))
    assert len(trees.asked) == 600
    browser.folder(snapshot("1"))
    assert trees.asked[600:] == ["1"]
