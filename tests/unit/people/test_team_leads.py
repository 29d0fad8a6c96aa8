"""Who leads a team is said of its namespace, and goes with the person and with the team."""

import pytest
from gpucommons_contract import Annotation
from gpucommons_people.accounts.removal import Removal, remove_user
from gpucommons_people.clients.kinds import NAMESPACES
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.leads import teams_led
from gpucommons_people.teams.team_leads import end_lead, list_leads, make_lead

ADA, BEN = "ada@example.org", "ben@example.org"
_SINCE = "2026-01-07T08:00:00.000001Z"


@pytest.fixture
def known(world):
    """A world whose hub knows Ada."""
    world.hub.users = {ADA: ()}
    world.hub.since = {ADA: _SINCE}
    return world


async def test_a_lead_is_who_has_the_account_now_or_gets_the_name_first(known):
    assert not (await make_lead(known.it, "vision", ADA)).left
    change = await make_lead(known.it, "vision", BEN)
    assert change.left == (f"The hub does not know {BEN} yet: who first has that name leads.",)
    assert await list_leads(known.it, "vision") == {ADA: _SINCE, BEN: ""}
    assert await list_leads(known.it, "robots") == {}
    assert not (await make_lead(known.it, "vision", ADA)).changed


async def test_a_dry_run_changes_nothing(known):
    assert (await make_lead(known.it, "vision", ADA, dry_run=True)).steps
    assert await list_leads(known.it, "vision") == {}
    await make_lead(known.it, "vision", ADA)
    assert (await end_lead(known.it, "vision", ADA, dry_run=True)).steps
    assert await list_leads(known.it, "vision") == {ADA: _SINCE}


async def test_somebody_leads_until_that_is_ended(known):
    await make_lead(known.it, "vision", ADA)
    await make_lead(known.it, "vision", BEN)
    await end_lead(known.it, "vision", ADA)
    assert await list_leads(known.it, "vision") == {BEN: ""}
    with pytest.raises(NotThereError, match="Led by: ben@"):
        await end_lead(known.it, "vision", ADA)
    await end_lead(known.it, "vision", BEN)
    namespace = await known.cluster.get(NAMESPACES, "team-vision", None)
    assert str(Annotation.LEADS) not in namespace["metadata"]["annotations"]


async def test_leads_go_with_the_person_and_no_others(known):
    await make_lead(known.it, "vision", ADA)
    await make_lead(known.it, "vision", BEN)
    await make_lead(known.it, "robots", ADA)
    planned = await remove_user(known.it, ADA, Removal(), dry_run=True)
    assert "Let the person lead no more: team vision, team robots." in planned.steps
    await remove_user(known.it, ADA, Removal())
    assert await teams_led(known.it, ADA) == ()
    assert await teams_led(known.it, BEN) == ("vision",)


async def test_leads_that_cannot_be_read_are_nobody_s_and_not_written_over(known):
    annotations = {str(Annotation.LEADS): "ada"}
    await known.cluster.merge(
        NAMESPACES, "team-vision", None, {"metadata": {"annotations": annotations}}
    )
    assert await teams_led(known.it, ADA) == ()
    with pytest.raises(PeopleError, match="kubectl annotate namespace team-vision"):
        await make_lead(known.it, "vision", ADA)


async def test_there_are_leads_of_teams_that_there_are(known):
    with pytest.raises(NotThereError, match="There is no team audio"):
        await make_lead(known.it, "audio", ADA)
