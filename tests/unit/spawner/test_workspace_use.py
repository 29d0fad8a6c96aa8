"""How full a person's workspaces were, by what their sessions said last."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from gpucommons_contract import DiskUse
from gpucommons_spawner.picker.disk_words import disk_words
from gpucommons_spawner.session_parts.workspace_use import SeenUse, WorkspaceUse

GIB = 2**30
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Person:
    """Somebody with servers, each with a part of its own."""

    def __init__(self) -> None:
        self.orm_spawners: dict[str, SimpleNamespace] = {}
        self.spawners: dict[str, SimpleNamespace] = {}
        self.now = NOON

    def server(self, name: str, team: str = "vision", *, ready: bool = True) -> WorkspaceUse:
        spawner = SimpleNamespace(user=self, name=name, user_options={"team": team}, ready=ready)
        self.spawners[name] = spawner
        self.orm_spawners[name] = SimpleNamespace(state={})
        return WorkspaceUse(spawner, lambda: self.now)

    def store(self, name: str, use: WorkspaceUse) -> None:
        self.orm_spawners[name].state = json.loads(json.dumps(dict(use.state())))


@pytest.fixture
def person() -> Person:
    return Person()


def test_what_was_said_last_is_kept_by_team(person):
    use = person.server("")
    assert use.by_team() == {}
    assert use.state() == {}
    use.note(DiskUse(1, 10))
    use.note(DiskUse(2, 10))
    person.spawners[""].user_options = {"team": "astro"}
    use.note(DiskUse(3, 10))
    assert {team: each.disk.used for team, each in use.by_team().items()} == {
        "vision": 2,
        "astro": 3,
    }


def test_it_outlives_the_hub(person):
    use = person.server("")
    use.note(DiskUse(1, 10, 5, 64))
    person.store("", use)
    again = person.server("")
    again.restore(json.loads(json.dumps(dict(use.state()))))
    assert again.by_team() == use.by_team()


def test_whichever_server_said_it_last_counts(person):
    default, other = person.server(""), person.server("other")
    default.note(DiskUse(1, 10))
    person.now += timedelta(minutes=1)
    other.note(DiskUse(5, 10))
    person.store("other", other)
    assert default.by_team()["vision"].disk.used == 5
    person.now += timedelta(minutes=1)
    default.note(DiskUse(2, 10))
    assert default.by_team()["vision"].disk.used == 2


def test_a_session_that_runs_is_known_to(person):
    use = person.server("", ready=True)
    use.note(DiskUse(1, 10))
    assert use.by_team()["vision"].runs
    person.spawners[""].ready = False
    assert not use.by_team()["vision"].runs


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"workspace_use": []},
        {"workspace_use": {"vision": 5}},
        {"workspace_use": {"vision": {"used": 1, "size": 10}}},
        {"workspace_use": {"vision": {"used": 1, "size": 0, "at": NOON.isoformat()}}},
        {"workspace_use": {"vision": {"used": 1, "size": 10, "at": "yesterday"}}},
    ],
)
def test_what_another_release_kept_is_left_out(person, state):
    use = person.server("")
    use.restore(state)
    assert use.by_team() == {}


def test_the_pages_say_how_much_of_how_much_and_when_if_no_session_runs():
    disk = DiskUse(12 * GIB, 50 * GIB, 5, 64)
    running = disk_words(SeenUse(disk, NOON, runs=True))
    assert (running.text, running.is_short) == ("Your files take 12.0 of 50.0 GiB.", False)
    ended = disk_words(SeenUse(disk, NOON))
    assert ended.text == "Your files took 12.0 of 50.0 GiB at 2026-11-28 12:00 UTC."


def test_little_room_is_said_in_words_too():
    full = disk_words(SeenUse(DiskUse(40 * GIB, 50 * GIB), NOON, runs=True))
    assert full.is_short
    assert full.text == (
        "Your files take 40.0 of 50.0 GiB. Little room is left: delete what you do not need."
    )
    many = disk_words(SeenUse(DiskUse(GIB, 50 * GIB, 900_000, 1_000_000), NOON, runs=True))
    assert many.is_short
    assert "There are 900,000 of at most 1,000,000 files." in many.text
