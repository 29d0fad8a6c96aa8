"""The service of earlier files: a real hub, real sessions, restic and rest-server."""

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

import httpx
import pytest
from gpucommons_contract import TEAM_FOLDER_OWNER
from gpucommons_people.errors import MissingRightError, NotThereError
from gpucommons_people.workspaces.reading import wanted

from tests.loopback import request
from tests.waiting import until

from ..login_hub import SERVICE_TOKEN
from .administrator import Administrator
from .conftest import EARLIER, LATER, NASTY, NOW, World
from .files_hub import FILES_TOKEN, PEOPLE_TOKEN, WISHES_TOKEN

NOTES = "work/notes.txt"


@pytest.fixture(scope="module")
def ada(world: World) -> str:
    """The token of ada's session in vision."""
    return world.hub.start_session("ada", "vision")


@pytest.fixture(scope="module")
def bob(world: World) -> str:
    return world.hub.start_session("bob", "vision")


def _content(world: World, token: str, snapshot: str, path: str = NOTES) -> httpx.Response:
    return world.hub.files("file", token, snapshot=snapshot, path=path)


def test_versions_are_those_with_another_content(world: World, ada: str) -> None:
    first, _second, third = world.snapshots["vision", "ada"]
    said = world.hub.files("versions", ada, path=NOTES).json()
    assert [each["snapshot"] for each in said["versions"]] == [third, first]
    assert said["complete"] is True
    assert said["versions"][1]["size"] == len("yesterday's words of ada in vision")
    assert _content(world, ada, first).text == "yesterday's words of ada in vision"
    assert _content(world, ada, third[:12]).text == "today's words of ada in vision"


def test_a_file_that_never_was_has_no_versions(world: World, ada: str) -> None:
    assert world.hub.files("versions", ada, path="work/none").json()["versions"] == []
    assert world.hub.files("versions", ada, path="work").json()["versions"] == []


def test_snapshots_say_what_they_have_and_whether_all(world: World, ada: str) -> None:
    said = world.hub.files("snapshots", ada).json()["snapshots"]
    assert [each["id"] for each in said] == world.snapshots["vision", "ada"][::-1]
    assert all(each["complete"] is True and each["files"] > len(NASTY) for each in said)


@pytest.mark.parametrize("name", NASTY)
def test_names_of_any_bytes_are_found_and_come_back_exactly(
    world: World, ada: str, name: bytes
) -> None:
    path = quote_from_bytes(b"work/" + name, safe="")
    snapshot = world.snapshots["vision", "ada"][0]
    headers = {"Authorization": f"token {ada}"}
    base = f"{world.hub.files_url}/api"
    file = request("GET", f"{base}/file?snapshot={snapshot}&path={path}", headers=headers)
    assert (file.status_code, file.content) == (200, name * 2)
    found = request("GET", f"{base}/versions?path={path}", headers=headers).json()["versions"]
    assert [each["size"] for each in found] == [2 * len(name)]
    folder = world.hub.files("folder", ada, snapshot=snapshot, path="work").json()["entries"]
    assert name in {unquote_to_bytes(each["name"]) for each in folder}


def test_a_folder_comes_as_an_archive_that_says_first_how_much_it_has(
    world: World, ada: str
) -> None:
    snapshot = world.snapshots["vision", "ada"][0]
    answer = world.hub.files("archive", ada, snapshot=snapshot, path="work")
    assert answer.headers["Workspace-Entries"] == str(len(NASTY) + 1)  # and notes.txt
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        found = {os.fsencode(each.name): archive.extractfile(each).read() for each in archive}
    assert found.pop(b"notes.txt") == b"yesterday's words of ada in vision"
    assert found == {name: name * 2 for name in NASTY}
    size = len("yesterday's words of ada in vision") + sum(2 * len(name) for name in NASTY)
    assert answer.headers["Workspace-Bytes"] == str(size)
    whole = world.hub.files("archive", ada, snapshot=snapshot)
    with tarfile.open(fileobj=io.BytesIO(whole.content)) as archive:
        assert {"work", "work/notes.txt"} < set(archive.getnames())
    assert world.hub.files("archive", ada, snapshot=snapshot, path=NOTES).status_code == 404


def test_what_is_not_in_a_snapshot_is_told_with_the_reason(world: World, ada: str) -> None:
    said = world.hub.files("about", ada, snapshot=world.snapshots["vision", "ada"][0]).json()
    assert said == {
        "not_kept": [{"path": "work/__pycache__", "reason": "cache", "size": 5, "files": 1}],
        "unreadable": [],
        "moving": [],
        "complete": True,
    }
    assert world.hub.files("about", ada, snapshot="0" * 64).status_code == 404


def test_nobody_gets_what_is_not_theirs(world: World, ada: str, bob: str) -> None:
    hers, his = world.snapshots["vision", "ada"][0], world.snapshots["vision", "bob"][0]
    in_speech = world.snapshots["speech", "ada"][0]
    assert _content(world, bob, his).text == "yesterday's words of bob in vision"
    for token, snapshot in ((bob, hers), (ada, his), (ada, in_speech), (ada, "0" * 64)):
        answer = _content(world, token, snapshot)
        assert answer.status_code == 404
        assert answer.json()["message"] == "There is nothing of yours at this path."


def test_a_session_has_the_files_of_its_own_team(world: World, ada: str) -> None:
    token = world.hub.start_session("ada", "speech", "talk")
    snapshot = world.snapshots["speech", "ada"][0]
    assert _content(world, token, snapshot).text == "yesterday's words of ada in speech"
    assert _content(world, token, world.snapshots["vision", "ada"][0]).status_code == 404
    assert _content(world, ada, world.snapshots["vision", "ada"][0]).status_code == 200


def test_a_team_without_snapshots_is_answered_as_a_foreign_file_is(world: World) -> None:
    token = world.hub.start_session("bob", "speech", "talk")
    assert world.hub.files("snapshots", token).status_code == 404


@pytest.mark.parametrize("token", ["nobody's", SERVICE_TOKEN, FILES_TOKEN])
def test_other_tokens_open_nothing(world: World, token: str) -> None:
    assert world.hub.files("snapshots", token).status_code == 403


def test_a_token_for_all_of_a_person_opens_nothing(world: World, ada: str) -> None:
    """It would not say which of their sessions asks, and so which team's files are meant."""
    token = world.hub.token_of("ada")
    answer = world.hub.files("snapshots", token)
    assert answer.status_code == 403
    assert "token that the hub has given to one of your sessions" in answer.json()["message"]


@pytest.mark.parametrize(
    "path",
    ["../bob/work/notes.txt", "/etc/passwd", "work/../work", "work//notes.txt", "work/.", ""],
)
def test_only_paths_within_the_workspace_are_taken(world: World, ada: str, path: str) -> None:
    assert _content(world, ada, world.snapshots["vision", "ada"][0], path).status_code == 400
    assert world.hub.files("versions", ada, path=path).status_code == 400


@pytest.mark.parametrize("snapshot", ["latest", "--help", "0" * 11, ""])
def test_only_ids_name_a_snapshot(world: World, ada: str, snapshot: str) -> None:
    assert _content(world, ada, snapshot).status_code == 400


def test_the_notes_on_a_snapshot_are_none_of_the_persons_files(world: World, ada: str) -> None:
    notes = world.store.repository("vision", "ada").snapshots("notes")[0]
    assert _content(world, ada, notes.id, "about.json").status_code == 404


def test_a_download_that_is_left_ends_restic(world: World, ada: str, hub_folder: Path) -> None:
    home = hub_folder / "large"
    home.mkdir()
    with (home / "large").open("wb") as file, Path("/dev/urandom").open("rb") as source:
        for _ in range(64):
            file.write(source.read(2**20))
    repository = world.store.repository("vision", "ada")
    snapshot = repository.snapshot(home, host="workspace", time=NOW).id

    def listed() -> bool:
        return _content(world, ada, snapshot, "large-no").status_code == 404 and any(
            each["id"] == snapshot for each in world.hub.files("snapshots", ada).json()["snapshots"]
        )

    until(listed)
    url = f"{world.hub.files_url}/api/file"
    with httpx.stream(
        "GET",
        url,
        params={"snapshot": snapshot, "path": "large"},
        headers={"Authorization": f"token {ada}"},
        timeout=60,
    ) as answer:
        assert answer.headers["Content-Length"] == str(64 * 2**20)
        parts = answer.iter_raw()
        next(parts)
        assert _dumps(snapshot)
    until(lambda: not _dumps(snapshot))


def _dumps(snapshot: str) -> list[Path]:
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile
            continue
        if b"dump" in words and snapshot.encode() in words:
            found.append(each)
    return found


def test_a_store_that_is_away_is_said_and_found_again(world: World, ada: str) -> None:
    snapshot = world.snapshots["vision", "ada"][1]
    world.store.server.stop()
    try:
        answer = _content(world, ada, snapshot, "work/-rf")
        assert answer.status_code in (200, 503)  # a folder may be remembered, a file never is
        answer = world.hub.files("file", ada, snapshot=snapshot, path="work/back\\slash?")
        assert answer.status_code == 503
        assert answer.json()["message"].startswith("Earlier files cannot be read at the moment.")
        assert request("GET", f"{world.hub.files_url}/health").status_code == 200
    finally:
        world.store.server.start()
    until(lambda: _content(world, ada, snapshot).status_code == 200)


def test_a_record_that_is_added_is_found_without_a_restart(world: World) -> None:
    token = world.hub.start_session("bob", "vision", "new")
    file = world.store.records / "robotics.workspace-bob"
    record = json.loads((world.store.records / "vision.workspace-bob").read_text())
    assert world.hub.files("snapshots", token).status_code == 200
    other = world.hub.start_session("bob", "robotics", "other")
    assert world.hub.files("snapshots", other).status_code == 404
    file.write_text(json.dumps(record | {"team": "robotics"}))
    until(lambda: world.hub.files("snapshots", other).status_code == 200)


def test_a_session_wishes_for_a_snapshot_of_its_workspace_and_the_controller_answers(
    world: World, ada: str, bob: str
) -> None:
    hub = world.hub

    def wishes(token: str, method: str = "GET", what: str = "", **body: object) -> httpx.Response:
        headers = {"Authorization": f"token {token}"}
        return request(method, f"{hub.files_url}/api/wishes{what}", headers=headers, **body)

    for token in (ada, FILES_TOKEN, "other"):
        assert wishes(token, what="/open").status_code == 403
        assert wishes(token, "POST", "/answers", json={"answers": []}).status_code == 403
    assert wishes(ada).json() == {"available": False, "wish": None}
    assert wishes(ada, "POST").status_code == 503  # nobody would hear it
    assert wishes(WISHES_TOKEN, what="/open").json() == {"wishes": []}
    assert wishes(WISHES_TOKEN, "POST").status_code == 403
    made = wishes(ada, "POST")
    assert made.status_code == 201
    wish = made.json()["wish"]
    assert (wish["state"], wish["snapshot"], wish["reason"]) == ("waiting", "", "")
    assert wishes(ada, "POST").status_code == 409
    assert wishes(bob).json() == {"available": True, "wish": None}
    asked = {"id": wish["id"], "team": "vision", "owner": "ada"}
    assert wishes(WISHES_TOKEN, what="/open").json() == {"wishes": [asked]}
    assert wishes(WISHES_TOKEN, "POST", "/answers", json={"answers": [{}]}).status_code == 400
    done = {"id": wish["id"], "state": "done", "snapshot": "ab" * 32}
    answers = {"answers": [done, done | {"id": "of another time"}]}
    assert wishes(WISHES_TOKEN, "POST", "/answers", json=answers).status_code == 200
    assert wishes(ada).json()["wish"] == wish | done
    assert wishes(WISHES_TOKEN, what="/open").json() == {"wishes": []}
    again = wishes(ada, "POST")  # within a minute
    assert (again.status_code, again.headers["Retry-After"]) == (429, "60")


def _for_another(world: World, what: str, **query: str) -> httpx.Response:
    """Ask through the proxy, as the account commands do."""
    errand = {"user": "ada", "team": "vision", "by": "root", "reason": "She asked for it."}
    headers = {"Authorization": f"token {PEOPLE_TOKEN}"}
    url = f"{world.hub.url}/services/files/api/{what}"
    return request("GET", url, headers=headers, params=errand | query, timeout=60)


def _notices(world: World, token: str, person: str) -> list[dict[str, Any]]:
    url = f"{world.hub.url}/user/{person}/gpucommons/api/notice"
    answer = request("GET", url, headers={"Authorization": f"token {token}"}, timeout=60)
    return [each for each in answer.json() if each["id"].startswith("files-read-")]


def test_an_administrator_reads_another_s_files_on_record_and_the_person_is_told_once(
    world: World, ada: str
) -> None:
    snapshot = world.snapshots["vision", "ada"][0]
    listed = _for_another(world, "snapshots").json()["snapshots"]
    assert snapshot in [each["id"] for each in listed]
    entries = _for_another(world, "folder", snapshot=snapshot, path="work").json()["entries"]
    assert "notes.txt" in [each["name"] for each in entries]
    read = _for_another(world, "file", snapshot=snapshot, path=NOTES)
    assert read.text == "yesterday's words of ada in vision"
    told = [each["text"] for each in _notices(world, ada, "ada")]
    assert told == [
        "root, who administers this platform, has looked into snapshots of your files. The reason "
        "given: She asked for it."
    ]
    lines = [json.loads(each) for each in world.hub.service.text().splitlines() if each[0] == "{"]
    assert [(each["endpoint"], each["path"]) for each in lines] == [
        ("snapshots", ""),
        ("folder", "work"),
        ("file", NOTES),
    ]
    assert {(each["by"], each["user"], each["reason"]) for each in lines} == {
        ("root", "ada", "She asked for it.")
    }


def test_without_right_reason_or_snapshots_an_administrator_reads_nothing(
    world: World, bob: str
) -> None:
    assert _for_another(world, "snapshots", reason=" ").status_code == 400
    assert _for_another(world, "snapshots", team="robots").status_code == 404
    errand = {"user": "ada", "team": "vision", "reason": "I want to know."}
    for token in (bob, world.hub.token_of("bob"), FILES_TOKEN, SERVICE_TOKEN):
        assert world.hub.files("snapshots", token, **errand).status_code == 403
    # What may only be asked for oneself.
    assert world.hub.files("versions", PEOPLE_TOKEN, path=NOTES, **errand).status_code == 403


def test_the_commands_list_browse_and_export_somebody_s_snapshots(
    world: World, tmp_path: Path
) -> None:
    root = Administrator(world.hub, tmp_path)
    first, second, third = world.snapshots["vision", "bob"]

    def bobs(**more: Any) -> Any:
        return wanted("bob", "vision", reason="He asked for it.", **more)

    listed = root.do(lambda people: people.list_snapshots(bobs()))
    assert [each.id for each in listed][-3:] == [third, second, first]
    folder = root.do(lambda people: people.browse_snapshot(bobs(snapshot=first, path=b"/work/")))
    assert {each.name for each in folder.entries} == {*NASTY, b"notes.txt"}
    target = tmp_path / "bob.tar"
    what = bobs(at=listed[-1].time.isoformat())
    change = root.do(lambda people: people.export_snapshot(what, target))
    assert change.data["snapshot"] == first
    assert change.data["files"] == len(NASTY) + 1
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["tar", "-C", out, "-xf", target], check=True)
    check = ["sha256sum", "--check", "--status", "--strict", "SHA256SUMS"]
    subprocess.run(check, cwd=out, check=True)
    words = (out / "files/work/notes.txt").read_text()
    assert words == "yesterday's words of bob in vision"
    for name in NASTY:
        assert (out / "files/work" / os.fsdecode(name)).read_bytes() == name * 2
    only = bobs(snapshot=third, path=b"work")
    change = root.do(lambda people: people.export_snapshot(only, tmp_path / "work.tar"))
    assert change.left == ()
    assert change.data["files"] == len(NASTY) + 1
    assert [each["action"] for each in root.audit()] == [
        *("list snapshots", "browse snapshot", "export snapshot", "export snapshot"),
    ]
    assert {each["details"]["reason"] for each in root.audit()} == {"He asked for it."}
    (told,) = root.do(lambda people: people.list_notices())
    assert told.users == ("bob",)
    assert "He asked for it." in told.notice.text


def test_what_is_not_there_is_said_to_an_administrator_and_leaves_no_file(
    world: World, tmp_path: Path
) -> None:
    root = Administrator(world.hub, tmp_path)
    where = {"reason": "x", "snapshot": world.snapshots["vision", "bob"][0]}
    nobody = wanted("eve", "vision", **where)
    with pytest.raises(NotThereError, match="no snapshots of eve in team vision"):
        root.do(lambda people: people.list_snapshots(nobody))
    assert root.do(lambda people: people.list_notices()) == ()
    early = wanted("bob", "vision", reason="x", at="2001-01-01")
    with pytest.raises(NotThereError, match="There are 3, the oldest of"):
        root.do(lambda people: people.browse_snapshot(early))
    nothing = wanted("bob", "vision", path=b"none", **where)
    with pytest.raises(NotThereError):
        root.do(lambda people: people.export_snapshot(nothing, tmp_path / "bob.tar"))
    assert [each.name for each in tmp_path.iterdir()] == ["audit.jsonl"]
    root.token = FILES_TOKEN
    with pytest.raises(MissingRightError, match="custom:gpucommons:read:snapshots"):
        root.do(lambda people: people.list_snapshots(nobody))


@pytest.fixture(scope="module")
def team_folder(world: World, ada: str, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The snapshots of the folder of the team vision; the service knows of it."""
    folder = tmp_path_factory.mktemp("team")
    (folder / "plans").mkdir()
    taken = []
    for words, time in (("first", EARLIER), ("second", LATER)):
        (folder / "plans" / "plan.txt").write_text(f"{words} plan of the team")
        taken.append(world.store.take("vision", TEAM_FOLDER_OWNER, folder, time))
    path = "team/plans/plan.txt"
    until(lambda: bool(world.hub.files("versions", ada, path=path).json().get("versions")))
    return taken


def test_all_of_a_team_have_the_earlier_files_of_its_folder(
    world: World, ada: str, bob: str, team_folder: list[str]
) -> None:
    path = "team/plans/plan.txt"
    for token in (ada, bob):
        said = world.hub.files("versions", token, path=path).json()["versions"]
        assert [each["snapshot"] for each in said] == team_folder[::-1]
        assert _content(world, token, team_folder[0], path).text == "first plan of the team"
        listed = world.hub.files("snapshots", token, path="team").json()
        assert [each["id"] for each in listed["snapshots"]] == team_folder[::-1]
        assert listed["of_team"]


def test_the_folder_of_a_team_is_as_it_was_when_a_home_folder_was(
    world: World, ada: str, team_folder: list[str]
) -> None:
    yesterday, earlier, later = world.snapshots["vision", "ada"]
    path = "team/plans/plan.txt"
    assert _content(world, ada, earlier, path).text == "first plan of the team"
    assert _content(world, ada, later, path).text == "second plan of the team"
    assert _content(world, ada, yesterday, path).status_code == 404
    for place, name in (("team", "plans"), ("team/plans", "plan.txt")):
        found = world.hub.files("folder", ada, snapshot=earlier, path=place).json()["entries"]
        assert [each["name"] for each in found] == [name]
    assert world.hub.files("folder", ada, snapshot=yesterday, path="team").status_code == 404
    foreign = world.snapshots["vision", "bob"][0]
    assert _content(world, ada, foreign, path).status_code == 404


def test_what_is_beside_the_folder_of_a_team_is_one_s_own(
    world: World, ada: str, team_folder: list[str]
) -> None:
    assert world.hub.files("versions", ada, path="teams/plan.txt").json()["versions"] == []
    assert world.hub.files("versions", ada, path="team").status_code == 404
    assert world.hub.files("versions", ada, path="team/../work/notes.txt").status_code == 400
    listed = world.hub.files("snapshots", ada).json()
    said = {each["id"] for each in listed["snapshots"]}
    assert said >= set(world.snapshots["vision", "ada"])
    assert said.isdisjoint(team_folder)
    assert not listed["of_team"]
