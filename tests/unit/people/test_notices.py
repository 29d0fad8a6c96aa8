"""What an administrator tells sessions: to whom, what is said of it, and what is refused."""

from datetime import timedelta

import pytest
from gpucommons_contract import NoticeLevel
from gpucommons_people import notices
from gpucommons_people.clients.kinds import CONFIG_MAPS
from gpucommons_people.errors import InputError, NotThereError

ADA, BEN = "ada@example.org", "ben@example.org"
HOUR = timedelta(hours=1)


@pytest.fixture
def world(world):
    world.hub.users = {ADA: ("",), BEN: ("",)}
    return world


def send(world, text="Maintenance.", **said):
    said = {"notice_id": "platform", "level": NoticeLevel.WARNING, **said}
    return notices.send(world.it, text, **said)


async def test_a_notice_reaches_every_session_with_its_end(world):
    change = await send(world, ends_in=timedelta(hours=2))
    notice, told = world.hub.notices["platform"]
    assert told == [ADA, BEN]
    assert (notice.text, notice.level) == ("Maintenance.", "warning")
    assert change.steps[1] == "Show the notice platform in 2 sessions."
    assert change.data["ends_at"] == notice.ends_at is not None
    assert change.left == ()


async def test_a_notice_reaches_only_those_who_are_named(world):
    change = await send(world, users=[BEN])
    assert world.hub.notices["platform"][1] == [BEN]
    assert (change.subject, change.steps[1]) == (BEN, "Show the notice platform in 1 session.")


async def test_sessions_that_were_not_reached_are_told(world):
    world.hub.deaf = [f"{ADA}/"]
    change = await send(world)
    assert change.left[0] == f"Not reached: {ADA}/. The hub's log says why."


async def test_a_notice_is_taken_back(world):
    await send(world)
    change = await notices.withdraw(world.it, "platform")
    assert world.hub.notices == {}
    assert change.steps == (
        "Stop showing the notice platform in new sessions.",
        "Withdraw the notice platform from 2 sessions.",
    )
    again = await notices.withdraw(world.it, "platform")
    assert not again.changed


async def test_a_dry_run_tells_nobody(world):
    assert (await send(world, dry_run=True)).changed
    assert (await notices.withdraw(world.it, "platform", dry_run=True)).changed
    assert world.hub.notices == {}
    assert world.plug.changes == 0


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"text": " "}, "A notice has 1 to 1,000 characters."),
        ({"text": "x" * 1001}, "A notice has 1 to 1,000 characters."),
        ({"notice_id": ""}, "The id of a notice has 1 to 64 characters."),
        ({"users": ["not an address"]}, "not an address"),
        ({"ends_in": HOUR, "stands_for": HOUR}, "Give --in or --for, not both: with --in"),
        ({"stands_for": timedelta()}, "--for must be at least 1s and at most 30d."),
        ({"stands_for": timedelta(days=30, seconds=1)}, "--for must be at least 1s and"),
    ],
)
async def test_what_is_no_notice_is_refused_before_anybody_is_told(world, said, words):
    with pytest.raises(InputError, match=words):
        await send(world, **said)
    assert world.hub.notices == {}
    assert world.left(CONFIG_MAPS) == []


async def test_an_older_hub_is_named_as_the_cause(world, monkeypatch):
    async def unknown(*_):
        return None

    monkeypatch.setattr(world.hub, "show_notice", unknown)
    with pytest.raises(NotThereError, match="Upgrade it"):
        await send(world)
