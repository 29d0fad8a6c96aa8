"""The audit log: one line for a change, and no change without it."""

import json
from datetime import UTC, datetime

import pytest
from gpucommons_people.accounts.accounts import Leftover, add_user, reset_password
from gpucommons_people.accounts.newcomer import newcomer
from gpucommons_people.errors import PeopleError
from gpucommons_people.files.audit import AuditLog, actor


def _lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_line_says_who_did_what_to_whom_and_when(tmp_path):
    file = tmp_path / "logs" / "people.jsonl"
    log = AuditLog(file, "carol")
    log.write("add user", "ada@example.org", {"teams": ["vision"]})
    log.write("move user", "ada@example.org", {})
    first, second = _lines(file)
    assert datetime.fromisoformat(first.pop("time")).tzinfo == UTC
    assert first == {
        "actor": "carol",
        "action": "add user",
        "subject": "ada@example.org",
        "details": {"teams": ["vision"]},
    }
    assert second["action"] == "move user"


def test_behind_sudo_the_person_counts():
    assert actor({"SUDO_USER": "carol"}) == "carol"
    assert actor({})


async def test_nothing_changes_when_the_log_cannot_be_written(world):
    world.log.mkdir()
    person = newcomer("ada@example.org", ["vision"], ["vision"])
    with pytest.raises(PeopleError, match="Nothing is changed without a record"):
        await add_user(world.it, person, Leftover.REFUSE)
    assert world.plug.changes == 0


async def test_no_password_and_no_hash_is_in_the_log(world):
    person = newcomer("ada@example.org", ["vision"], ["vision"], password="a-secret-word")
    await add_user(world.it, person, Leftover.REFUSE)
    await reset_password(world.it, "ada@example.org", password="another-secret-word")
    text = world.log.read_text()
    assert [each["action"] for each in _lines(world.log)] == ["add user", "reset password"]
    assert "secret" not in text
    assert "$2b$" not in text


async def test_a_dry_run_and_an_unchanged_account_write_no_line(world):
    person = newcomer("ada@example.org", ["vision"], ["vision"])
    await add_user(world.it, person, Leftover.REFUSE, dry_run=True)
    assert not world.log.exists()
    await add_user(world.it, person, Leftover.REFUSE)
    await add_user(world.it, person, Leftover.REFUSE)
    assert len(_lines(world.log)) == 1
