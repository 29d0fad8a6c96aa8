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
from gpucommons_lab.earlier_files.service import FilesService, NoSuchVersionError
from gpucommons_lab.earlier_files.workspace import (
    EarlierWorkspace,
    OutsideError,
    team_folder,
)
from tornado.web import HTTPError

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class _Service(HTTPServer):
    """Snapshots, each so many hours old, and what each folder had in them."""

    hours: dict[str, float]
    of_team: dict[str, float] | None = None
    """Of the team's folder; None if there is none."""
    folders: dict[tuple[str, str], list[bytes]]


class _Handler(BaseHTTPRequestHandler):
    server: _Service

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {key: value[-1] for key, value in parse_qs(address.query).items()}
        answers = {"snapshots": self._snapshots, "folder": self._folder, "about": self._about}
        said = answers[address.path[5:]](query)
        self.send_response(200 if said else 404)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def _snapshots(self, query: dict[str, str]) -> object:
        place, of_team = query.get("path"), self.server.of_team
        assert place in (None, "team")
        found = of_team if place and of_team is not None else self.server.hours
        return {
            "of_team": found is of_team,
            "snapshots": [
                {
                    "id": name,
                    "time": (NOW - timedelta(hours=hours)).isoformat(),
                    "files": 3,
                    "bytes": None,
                    "complete": None,
                }
                for name, hours in found.items()
            ],
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

    def _about(self, query: dict[str, str]) -> object:
        moving = [f"{query['snapshot']} of {query.get('path', 'home')}"]
        return {"not_kept": [], "unreadable": [], "moving": moving, "complete": True}

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
    return EarlierWorkspace(FilesService(url, "token"), tmp_path, b"team")


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


def test_what_is_in_the_team_s_folder_has_the_snapshots_of_that(
    service: _Service, workspace: EarlierWorkspace, tmp_path: Path
) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "kept.txt").touch()
    service.hours, service.of_team = {"home": 0}, {"shared": 1}
    service.folders = {("home", ""): [], ("shared", "team"): [b"gone.txt", b"kept.txt"]}
    listed = {path: workspace.snapshots(path).snapshots for path in (b"", b"teams", b"team/work")}
    assert [[each.id for each in found] for found in listed.values()] == [
        ["home"],
        ["home"],
        ["shared"],
    ]
    folder = str(tmp_path / "team").encode()  # as VS Code asks
    assert [each.text for each in workspace.folder("shared", folder).entries] == [
        "gone.txt",
        "kept.txt",
    ]
    (gone,) = workspace.deleted(folder).entries
    assert (gone.text, gone.snapshot) == ("gone.txt", "shared")
    assert workspace.notes("shared", b"team").moving == ("shared of team",)
    assert workspace.notes("home", b"work").moving == ("home of home",)


def test_before_its_first_snapshot_the_team_s_folder_does_not_look_like_an_empty_one(
    service: _Service, workspace: EarlierWorkspace
) -> None:
    service.hours = {"home": 0}
    service.folders = {("home", "team"): []}  # where it is mounted
    assert workspace.snapshots(b"team").snapshots == ()
    with pytest.raises(NoSuchVersionError):
        workspace.folder("home", b"team")


@pytest.mark.parametrize(
    ("place", "found"),
    [("team", b"team"), ("shared/of us", b"shared/of us"), ("/elsewhere", b""), ("", b"")],
)
def test_a_session_knows_where_it_has_the_team_s_folder(
    tmp_path: Path, place: str, found: bytes
) -> None:
    variables = {"GPUCOMMONS_TEAM_FOLDER": str(tmp_path / place) if place else ""}
    assert team_folder(variables, tmp_path) == found
    assert team_folder({}, tmp_path) == b""


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
