"""What sessions are told that start later: kept as an object each, for as long as it stands."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from gpucommons_contract import NoticeLevel
from gpucommons_people import notices
from gpucommons_people.clients.api_answers import ClusterError
from gpucommons_people.clients.kinds import CONFIG_MAPS
from gpucommons_people.errors import NotThereError, PeopleError, UnreachableError
from gpucommons_people.standing_notices import list_notices

from .memory import interrupted_everywhere

ADA, BEN = "ada@example.org", "ben@example.org"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMESPACE = "gpucommons-notices"


@pytest.fixture
def world(world):
    world.hub.users = {ADA: ("",)}
    return world


def send(world, text="Maintenance.", **said):
    said = {"notice_id": "platform", "level": NoticeLevel.WARNING, **said}
    return notices.send(world.it, text, **said)


def end(world, name: str) -> None:
    """Let the notice of an object have ended a second ago."""
    over = datetime.now(UTC) - timedelta(seconds=1)
    world.cluster.objects[CONFIG_MAPS, NAMESPACE, name]["data"]["until"] = over.isoformat()


def audit(world) -> list[dict]:
    return [json.loads(line) for line in world.log.read_text().splitlines()]


async def test_a_notice_is_one_labelled_object_and_one_line_in_the_log(world):
    await send(world, users=["Ben@example.org", ADA], ends_in=HOUR)
    (name,) = world.left(CONFIG_MAPS)
    labels = world.cluster.objects[CONFIG_MAPS, NAMESPACE, name]["metadata"]["labels"]
    assert labels == {"gpucommons.io/standing-notice": "some"}
    (standing,) = await list_notices(world.it)
    notice, _ = world.hub.notices["platform"]
    assert (standing.notice, standing.users, standing.by) == (notice, (ADA, BEN), "tester")
    (line,) = audit(world)
    assert (line["action"], line["details"]["text"]) == ("send notice", "Maintenance.")
    assert line["details"]["until"] == standing.until.isoformat()


@pytest.mark.parametrize(
    ("said", "length"),
    [({}, DAY), ({"stands_for": 30 * DAY}, 30 * DAY), ({"ends_in": HOUR}, HOUR)],
    ids=["a day", "as long as was said", "until it comes about"],
)
async def test_a_notice_stands(world, said, length):
    before = datetime.now(UTC)
    change = await send(world, **said)
    (standing,) = await list_notices(world.it)
    assert before + length <= standing.until <= datetime.now(UTC) + length
    assert change.steps[0] == (
        "Show the notice platform in new sessions of everybody until "
        f"{standing.until:%Y-%m-%d %H:%M} UTC."
    )


async def test_one_with_the_same_id_takes_its_place(world):
    await send(world, users=[BEN])
    await send(world, "Later.")
    await send(world, notice_id="../Lunch & more")
    found = {each.notice.id: each for each in await list_notices(world.it)}
    assert found.keys() == {"platform", "../Lunch & more"}
    assert (found["platform"].notice.text, found["platform"].users) == ("Later.", ())
    assert all(name.replace("-", "").isalnum() for name in world.left(CONFIG_MAPS))


async def test_a_notice_that_is_taken_back_stands_no_more(world):
    await send(world)
    await send(world, notice_id="lunch")
    await notices.withdraw(world.it, "platform")
    assert [each.notice.id for each in await list_notices(world.it)] == ["lunch"]


async def test_taking_back_what_stands_where_no_session_runs_is_a_change(world):
    world.hub.users = {}
    await send(world)
    change = await notices.withdraw(world.it, "platform")
    assert change.steps == ("Stop showing the notice platform in new sessions.",)


@pytest.mark.parametrize("next_one", ["send", "withdraw"])
async def test_one_that_has_ended_is_not_listed_and_goes_with_the_next_change(world, next_one):
    await send(world)
    (name,) = world.left(CONFIG_MAPS)
    end(world, name)
    assert await list_notices(world.it) == ()
    change = send if next_one == "send" else lambda world, **said: notices.withdraw(world.it, "x")
    await change(world, notice_id="x")
    assert name not in world.left(CONFIG_MAPS)
    assert (audit(world)[-1]["action"], audit(world)[-1]["subject"]) == (
        "delete ended notice",
        name,
    )


async def test_what_cannot_be_recorded_is_told_to_nobody(world):
    world.log.mkdir()
    with pytest.raises(PeopleError, match="Nothing is changed without a record"):
        await send(world)
    assert world.left(CONFIG_MAPS) == []


@pytest.mark.parametrize("call", ["show_notice", "withdraw_notice"])
async def test_a_hub_that_cannot_be_reached_leaves_what_is_told_and_may_be_repeated(
    world, monkeypatch, call
):
    await send(world)

    async def away(*_):
        raise UnreachableError("The hub cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(world.hub, call, away)
        with pytest.raises(UnreachableError) as raised:
            await (
                send(world, "Later.")
                if call == "show_notice"
                else notices.withdraw(world.it, "platform")
            )
    said = str(raised.value)
    assert said.endswith(
        "Running sessions may not have been reached; for them, run the same command again once "
        "this is fixed: The hub cannot be reached."
    )
    standing = [each.notice.text for each in await list_notices(world.it)]
    if call == "show_notice":
        assert said.startswith("New sessions show the notice platform from now on.")
        assert standing == ["Later."]
    else:
        assert said.startswith("New sessions no longer show the notice platform.")
        assert standing == []
        assert (await notices.withdraw(world.it, "platform")).changed


async def test_a_cluster_without_the_namespace_is_told_with_what_to_do(world, monkeypatch):
    async def refuse(*_):
        raise ClusterError('namespaces "gpucommons-notices" not found', 404)

    monkeypatch.setattr(world.cluster, "apply", refuse)
    with pytest.raises(NotThereError, match=r"no namespace gpucommons-notices.*cluster/base"):
        await send(world)
    assert world.hub.notices == {}


async def test_a_command_that_was_interrupted_is_finished_by_the_next(make_world):
    async def both(world):
        await send(world)
        await send(world, notice_id="lunch")
        await notices.withdraw(world.it, "lunch")

    async def check(world):
        assert [each.notice.id for each in await list_notices(world.it)] == ["platform"]
        assert world.hub.notices.keys() == {"platform"}

    assert await interrupted_everywhere(make_world, both, check) == 6


async def test_an_object_that_cannot_be_read_is_passed_over(world):
    await send(world)
    (name,) = world.left(CONFIG_MAPS)
    world.cluster.objects[CONFIG_MAPS, NAMESPACE, name]["data"]["until"] = "soon"
    assert await list_notices(world.it) == ()
