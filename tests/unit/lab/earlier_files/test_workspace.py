"""What a session makes of its service's answers, which a server on a socket gives here."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote_from_bytes, urlsplit

import pytest
from gpucommons_lab.earlier_files.requests import EarlierRequests
from gpucommons_lab.earlier_files.service import FilesService
from gpucommons_lab.earlier_files.workspace import EarlierWorkspace, OutsideError
from tornado.web import HTTPError

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class _Service(HTTPServer):
    """Snapshots, each so many hours old, and what each folder had in them."""

    hours: dict[str, float]
    folders: dict[tuple[str, str], list[bytes]]


class _Handler(BaseHTTPRequestHandler):
    server: _Service

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {key: value[-1] for key, value in parse_qs(address.query).items()}
        said = {"snapshots": self._snapshots, "folder": self._folder}[address.path[5:]](query)
        self.send_response(200 if said else 404)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def _snapshots(self, query: dict[str, str]) -> object:
        assert not query
        return {
            "snapshots": [
                {
                    "id": name,
                    "time": (NOW - timedelta(hours=hours)).isoformat(),
                    "files": 3,
                    "bytes": None,
                    "complete": None,
                }
                for name, hours in self.server.hours.items()
            ]
        }

    def _folder(self, query: dict[str, str]) -> object:
        names = self.server.folders.get((query["snapshot"], query.get("path", "")))
        entries = [
            {
                "name": quote_from_bytes(each, safe=""),
                "kind": "file",
                "size": len(each),
                "modified": "2026-01-01T00:00:00.000Z",
            }
            for each in names or ()
        ]
        return {"entries": entries, "complete": True} if names is not None else None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def service() -> Iterator[_Service]:
    server = _Service(("127.0.0.1", 0), _Handler)
    server.hours, server.folders = {}, {}
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def workspace(service: _Service, tmp_path: Path) -> EarlierWorkspace:
    url = f"http://127.0.0.1:{service.server_port}"
    return EarlierWorkspace(FilesService(url, "token"), tmp_path)


def test_deleted_is_what_the_folder_lacks_now_as_it_was_last(
    service: _Service, workspace: EarlierWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "kept.txt").touch()
    service.hours = {"new": 0, "mid": 1, "old": 3}
    service.folders = {
        ("new", "work"): [b"kept.txt", b"caf\xe9"],
        ("old", "work"): [b"kept.txt", b"caf\xe9", b"long ago.txt"],
    }
    found = workspace.deleted(b"work")
    assert [(each.text, each.snapshot) for each in found.entries] == [
        ("caf\ufffd", "new"),
        ("long ago.txt", "old"),
    ]
    assert found.entries[0].name == "caf%E9"
    assert found.entries[1].time == (NOW - timedelta(hours=3)).timestamp()
    assert workspace.deleted(str(tmp_path / "work").encode()) == found


def test_deleted_files_are_looked_for_further_apart_the_further_back(
    service: _Service, workspace: EarlierWorkspace
) -> None:
    service.hours = {f"{hour}": hour for hour in range(48)}
    service.folders = {(f"{hour}", ""): [b"of %d" % hour] for hour in range(48)}
    found = {each.text for each in workspace.deleted(b"").entries}
    assert found == {f"of {hour}" for hour in (0, 1, 3, 7, 15, 31)}


def test_a_folder_says_what_is_still_there(
    service: _Service, workspace: EarlierWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "kept.txt").touch()
    service.hours = {"new": 0}
    service.folders = {("new", ""): [b"gone.txt", b"kept.txt"]}
    entries = workspace.folder("new", b"").entries
    assert [(each.text, each.present) for each in entries] == [
        ("gone.txt", False),
        ("kept.txt", True),
    ]


@pytest.mark.parametrize("path", [b"/etc/passwd", b"../elsewhere", b"work/../../elsewhere"])
def test_what_is_not_in_the_home_folder_is_not_asked_for(
    workspace: EarlierWorkspace, path: bytes
) -> None:
    with pytest.raises(OutsideError):
        workspace.versions(path)


async def test_a_session_without_a_service_says_why() -> None:
    with pytest.raises(HTTPError) as refusal:
        await EarlierRequests(None, "de").answer("versions", {"path": [b"notes.txt"]})
    assert refusal.value.status_code == 501
    assert refusal.value.log_message is not None
    assert refusal.value.log_message.startswith("Hier gibt es keine früheren Fassungen")


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        '{"snapshot": "a", "path": "b"}',
        '{"snapshot": "a", "path": "", "beside": null}',
        '{"snapshot": "a", "path": "b", "beside": "../c"}',
        '{"snapshot": "a", "path": "b", "beside": "two\\nlines"}',
        '{"snapshot": "a", "path": "b", "beside": ""}',
    ],
)
async def test_a_wish_that_cannot_be_is_refused(workspace: EarlierWorkspace, body: str) -> None:
    with pytest.raises(HTTPError) as refusal:
        await EarlierRequests(workspace, "en").put_back(body.encode())
    assert refusal.value.status_code == 400
