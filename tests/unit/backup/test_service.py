"""What the service of earlier files makes of tokens, records, settings and crowds."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from gpucommons_backup.repository import Entry, EntryKind, Sighting, Snapshot, versions
from gpucommons_backup.repository.repository import literal
from gpucommons_backup.service.access import Session, Sessions, session_of, team_of
from gpucommons_backup.service.administrators import Administrators
from gpucommons_backup.service.records import Records
from gpucommons_backup.service.refusals import RefusedError
from gpucommons_backup.service.settings import read_settings
from gpucommons_backup.service.work import Work
from gpucommons_backup.settings_file import SettingsError
from gpucommons_contract import READ_SNAPSHOTS_SCOPE, Notice


def _owner(*scopes: str, name: str = "ada", kind: str = "user") -> dict[str, Any]:
    return {"name": name, "kind": kind, "scopes": list(scopes)}


def test_the_token_of_a_session_names_it() -> None:
    others = ("users:activity!user=ada", "delete:servers!server=ada/gpu")
    assert session_of(_owner("access:servers!server=ada/gpu", *others)) == Session("ada", "gpu")
    assert session_of(_owner("access:servers!server=ada/", *others)) == Session("ada", "")


@pytest.mark.parametrize(
    "owner",
    [
        None,
        _owner(),
        _owner("access:servers"),
        _owner("access:servers!user=ada"),
        _owner("access:servers!server=ada/", "access:servers!server=ada/gpu"),
        _owner("access:servers!server=bob/"),  # bob has let ada into his session
        _owner("access:servers!server=ada/", kind="service"),
        _owner("delete:servers!server=ada/"),
    ],
)
def test_no_other_token_names_a_session(owner: dict[str, Any] | None) -> None:
    assert session_of(owner) is None


def test_only_of_a_server_that_runs_the_team_is_known() -> None:
    options = {"team": "vision"}
    assert team_of({"ready": True, "user_options": options}) == "vision"
    assert team_of({"ready": False, "user_options": options}) == ""
    assert team_of({"ready": True, "user_options": {"team": ["vision"]}}) == ""
    assert team_of({"ready": True, "user_options": None}) == ""
    assert team_of(None) == ""


class PlayedHub:
    """One session of ada's, which may end."""

    runs = True

    async def owner_of(self, token: str) -> dict[str, Any] | None:
        return _owner("access:servers!server=ada/") if token == "hers" else None

    async def server(self, session: Session) -> dict[str, Any] | None:
        return {"ready": self.runs, "user_options": {"team": "vision"}}


async def test_an_ended_session_has_no_files_half_a_minute_later() -> None:
    now = 0.0
    hub = PlayedHub()
    sessions = Sessions(hub, lambda: now)
    assert await sessions.owner("token hers") == ("vision", "ada")
    assert await sessions.owner("Bearer hers") == ("vision", "ada")
    hub.runs = False
    now = 31
    with pytest.raises(RefusedError):
        await sessions.owner("token hers")


@pytest.mark.parametrize("header", ["", "token", "hers", "Basic hers", "token his"])
async def test_other_headers_are_refused(header: str) -> None:
    with pytest.raises(RefusedError):
        await Sessions(PlayedHub()).owner(header)


class HubOfAdministrators:
    """A service and a person who may read others' snapshots, one who may not; it notes notices."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Notice]] = []
        self.is_away = False

    async def owner_of(self, token: str) -> dict[str, Any] | None:
        return {
            "service": _owner(READ_SNAPSHOTS_SCOPE, name="people", kind="service"),
            "root": _owner(READ_SNAPSHOTS_SCOPE, name="root"),
            "ada": _owner("access:servers!server=ada/"),
            "other": _owner(f"{READ_SNAPSHOTS_SCOPE}!user=bob"),
        }.get(token)

    async def tell(self, notice: Notice, person: str) -> None:
        if self.is_away:
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "away")
        self.told.append((person, notice))


WANTED = {"user": "bob", "team": "vision", "reason": "he asked\nfor it", "by": ""}


async def test_an_administrator_is_known_by_the_token_or_by_the_word_of_the_service() -> None:
    administrators = Administrators(HubOfAdministrators())
    mine = await administrators.errand("token root", WANTED)
    assert (mine.by, mine.service, mine.reason) == ("root", "", "he asked for it")
    told = await administrators.errand("token service", WANTED | {"by": "eve"})
    assert (told.by, told.service) == ("eve", "people")


@pytest.mark.parametrize(
    ("token", "changed", "status"),
    [
        ("ada", {}, 403),
        ("other", {}, 403),
        ("nobody's", {}, 403),
        ("root", {"by": "eve"}, 400),
        ("service", {}, 400),
        ("root", {"reason": " \n"}, 400),
        ("root", {"reason": "x" * 501}, 400),
        ("root", {"team": ""}, 400),
    ],
)
async def test_nobody_else_reads_for_others_nor_without_a_reason(
    token: str, changed: dict[str, str], status: int
) -> None:
    with pytest.raises(RefusedError) as refused:
        await Administrators(HubOfAdministrators()).errand(f"token {token}", WANTED | changed)
    assert refused.value.status_code == status


async def test_each_reading_is_on_record_and_its_person_told_once_an_hour(capfd) -> None:
    now, hub = 0.0, HubOfAdministrators()
    administrators = Administrators(hub, lambda: now)
    errand = await administrators.errand("token service", WANTED | {"by": "eve"})
    another = await administrators.errand("token service", WANTED | {"by": "mallory"})
    for each in (errand, errand, another):
        await administrators.admit(each, {"endpoint": "file", "path": "a%0Ab"})
    assert [person for person, _notice in hub.told] == ["bob", "bob"]
    assert len({notice.id for _person, notice in hub.told}) == 2
    assert hub.told[0][1].text == (
        "eve, who administers this platform, has looked into snapshots of your files. The reason "
        "given: he asked for it"
    )
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [each["by"] for each in lines] == ["eve", "eve", "mallory"]
    of_every_line = {"time", "level", "logger", "program", "message"}
    assert {name: each for name, each in lines[0].items() if name not in of_every_line} == {
        "audit": True,
        "action": "read snapshots",
        "by": "eve",
        "service": "people",
        "team": "vision",
        "user": "bob",
        "reason": "he asked for it",
        "endpoint": "file",
        "path": "a%0Ab",
    }
    now = 3601
    await administrators.admit(errand, {})
    assert len(hub.told) == 3


async def test_what_nobody_can_be_told_of_is_not_read_and_one_s_own_needs_no_telling() -> None:
    hub = HubOfAdministrators()
    administrators = Administrators(hub)
    errand = await administrators.errand("token root", WANTED)
    hub.is_away = True
    with pytest.raises(RefusedError):
        await administrators.admit(errand, {})
    await administrators.admit(
        await administrators.errand("token root", WANTED | {"user": "root"}), {}
    )
    hub.is_away = False
    await administrators.admit(errand, {})
    assert [person for person, _notice in hub.told] == ["bob"]


def _record(folder: Path, file: str, **more: object) -> None:
    record = {"name": f"vision/{file}", "password": "p", "team": "vision", "owner": "ada"}
    (folder / file).write_text(json.dumps(record | more))


def test_the_newest_record_of_somebody_counts(tmp_path: Path) -> None:
    _record(tmp_path, "b", made="2026-01-01T00:00:00Z", uid="kept for others")
    _record(tmp_path, "a", made="2026-02-01T00:00:00Z")
    found = Records(tmp_path).find("vision", "ada")
    assert found is not None
    assert found.name == "vision/a"
    assert Records(tmp_path).find("speech", "ada") is None


def test_files_of_a_workspace_that_is_gone_are_given_to_nobody(tmp_path):
    _record(tmp_path, "b", made="2026-02-01T00:00:00Z", gone="2026-03-01T00:00:00Z")
    assert Records(tmp_path).find("vision", "ada") is None
    _record(tmp_path, "a", made="2026-01-01T00:00:00Z", gone="")
    assert Records(tmp_path).find("vision", "ada").name.endswith("a")


@pytest.mark.parametrize("name", ["../other", "vision//a", "/vision", "vision/.", 3])
def test_a_record_that_leads_elsewhere_is_not_used(tmp_path: Path, name: object, caplog) -> None:
    _record(tmp_path, "a", name=name, password="secret-word")
    (tmp_path / "b").write_text("no JSON")
    _record(tmp_path, "c", owner="bob")
    records = Records(tmp_path)
    assert records.find("vision", "ada") is None
    assert records.find("vision", "bob") is not None
    assert "the record a cannot be used" in caplog.text
    assert "secret-word" not in caplog.text


def test_records_are_read_again_when_they_change(tmp_path: Path) -> None:
    now = 0.0
    records = Records(tmp_path, lambda: now)
    assert records.find("vision", "ada") is None
    _record(tmp_path, "a")
    assert records.find("vision", "ada") is None
    now = 6
    assert records.find("vision", "ada") is not None


def test_settings_name_files_relative_to_their_own(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "login.yaml").write_text('RESTIC_REST_PASSWORD: "secret"\n')
    file = tmp_path / "files.yaml"
    file.write_text("store: rest:http://store:8000/\nrecords: records\ncredentials: login.yaml\n")
    settings = read_settings(file)
    assert settings.records == tmp_path / "records"
    assert settings.login() == {"RESTIC_REST_PASSWORD": "secret"}
    assert settings.port == 10106


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("records: .", "store: Field required"),
        ("store: rest:http://a@store/\nrecords: .", "store: "),
        ("store: rest:http://store/\nrecords: missing", "is no folder"),
        ("store: rest:http://store/\nrecords: .\nother: 1", "other: "),
        ("store: rest:http://store/\nrecords: .\ncredentials: wrong.yaml", "PATH: allowed are"),
        ("- a", "must have keys and values"),
    ],
)
def test_mistakes_in_settings_are_said_with_file_and_key(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "wrong.yaml").write_text('PATH: "secret-word"\n')
    file = tmp_path / "files.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        read_settings(file)
    assert said in f"{refused.value}"
    assert "secret-word" not in f"{refused.value}"


async def test_a_crowd_is_refused_and_the_others_have_their_turn() -> None:
    work, go = Work(at_once=1, waiting=1), threading.Event()
    first = asyncio.create_task(work.look(go.wait))
    second = asyncio.create_task(work.look(lambda: "second"))
    await asyncio.sleep(0)
    with pytest.raises(RefusedError):
        await work.look(lambda: "third")
    go.set()
    assert (await first, await second) == (True, "second")
    assert await work.look(lambda: "fourth") == "fourth"
    work.close()


def test_a_pattern_fits_the_path_alone() -> None:
    assert literal(b"run [v1]*?\\\xe9.ipynb") == b"run \\[v1]\\*\\?\\\\\xe9.ipynb"


START = datetime(2026, 11, 27, tzinfo=UTC)


class PlayedStore:
    """A file's contents in snapshots, an hour apart; "" is where it is not there."""

    def __init__(self, *contents: str, looks: bool = True) -> None:
        self.contents = contents
        self.looks = looks
        hours = range(len(contents))
        self.snapshots = [
            Snapshot(f"{hour}", START + timedelta(hours=hour), "tree", "workspace")
            for hour in hours
        ]

    def sightings(self, snapshots: object, path: bytes) -> list[Sighting]:
        return [
            Sighting(each, each.time, len(content))
            for each, content in zip(self.snapshots, self.contents, strict=True)
            if content
        ]

    def entry(self, snapshot: Snapshot, path: bytes) -> Entry | None:
        assert self.looks, "a snapshot was looked into"
        content = self.contents[int(snapshot.id)]
        return Entry(path, EntryKind.FILE, 0o644, snapshot.time, len(content), (content,))


@pytest.mark.parametrize(
    ("contents", "found"),
    [
        (("a", "a", "b"), ["2", "1"]),
        (("a", "b", "a"), ["2", "1", "0"]),
        (("a", "", "a"), ["2", "0"]),
        (("", "long", "short"), ["2", "1"]),
        ((), []),
    ],
)
def test_versions_are_the_latest_of_each_content(contents: tuple[str, ...], found: list) -> None:
    store = PlayedStore(*contents)
    listed = versions(store, store, store.snapshots, b"a")
    assert [each.snapshot.id for each in listed] == found


def test_without_time_saves_of_one_size_count_as_different() -> None:
    store = PlayedStore("a", "a", looks=False)
    listed = versions(store, store, store.snapshots, b"a", lambda: False)
    assert [each.snapshot.id for each in listed] == ["1", "0"]
