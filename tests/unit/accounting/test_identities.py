"""People and teams on SQLite, and who leads a team."""

import pytest
from gpucommons_accounting.database.people.identities import SeenTeam
from gpucommons_accounting.reckoning.use.report import By
from gpucommons_accounting.recording.identities import IdentityKeeper
from gpucommons_accounting.recording.teams import seen_team
from gpucommons_accounting.records.identity import PersonId

from .identity_behaviour import FIRST, SECOND, IdentityBehaviour, lines, used
from .sessions import at


class TestOnSQLite(IdentityBehaviour):
    pass


def _namespace(**annotations: str) -> dict:
    metadata = {
        "name": "team-vision",
        "uid": "u1",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"gpucommons.io/team": "vision"},
        "annotations": {f"gpucommons.io/{name}": said for name, said in annotations.items()},
    }
    return {"metadata": metadata}


def test_a_team_is_what_its_namespace_says():
    said = {"display-name": "Computer vision", "leads": '{"ben": ""}'}
    assert seen_team(_namespace(**said)) == SeenTeam(
        "u1", "vision", "Computer vision", at("2026-01-01T00:00"), {"ben": ""}
    )


def test_a_namespace_that_only_says_it_is_a_team_s_is_none():
    other = _namespace()
    other["metadata"]["name"] = "ada-s-own"
    assert seen_team(other) is None


@pytest.mark.parametrize("leads", ["ben", '["ben"]', '{"ben": 1}'])
def test_nobody_leads_a_team_by_leads_that_cannot_be_read(leads):
    found = seen_team(_namespace(leads=leads))
    assert found
    assert found.leads == {}


def test_who_gets_a_lead_s_name_does_not_lead(store):
    known = store.people_and_teams
    led = SeenTeam("u1", "vision", "Vision", at("2026-01-01T00:00"), {"ada": FIRST})
    known.see_teams([led], at("2026-11-01T00:00"))
    assert known.identities().teams_led_by(PersonId("ada", FIRST))
    assert not known.identities().teams_led_by(PersonId("ada", SECOND))
    known.see_teams([], at("2026-11-02T00:00"))
    assert not known.identities().teams_led_by(PersonId("ada", FIRST))


async def _nobody(_name: str) -> str | None:
    return None


async def test_who_has_no_account_any_more_has_left_and_who_is_not_answered_for_has_not(store):
    used(store, "a", "2026-11-02T08:00", 2, person_since=FIRST)
    used(store, "b", "2026-11-02T08:00", 3, person="ben", person_since=SECOND)
    answers: dict[str, str | None] = {"ada": FIRST, "ben": SECOND}
    away = False

    async def since_of(name: str) -> str | None:
        if away:
            raise OSError("no hub")
        return answers[name]

    keeper = IdentityKeeper(store.people_and_teams, since_of, lambda: at("2026-11-03T00:00"))
    await keeper.step()

    async def all_asked() -> None:
        for _ in range(4):
            await keeper.look_for_who_left()

    await all_asked()
    assert lines(store, By.PERSON) == {"ada": 2, "ben": 3}
    away = True
    with pytest.raises(OSError, match="no hub"):
        await all_asked()
    assert lines(store, By.PERSON) == {"ada": 2, "ben": 3}
    away, answers["ben"] = False, None
    await all_asked()
    assert lines(store, By.PERSON) == {"ada": 2, "ben (left)": 3}


async def test_people_are_known_by_their_sessions_and_teams_by_their_namespaces(store):
    keeper = IdentityKeeper(store.people_and_teams, _nobody, lambda: at("2026-11-03T00:00"))
    used(store, "a", "2026-11-02T08:00", 2, team_uid="u1", person_since=FIRST)
    await keeper.step()
    assert store.people_and_teams.identities().has(PersonId("ada", FIRST))
    assert lines(store, By.TEAM) == {"vision": 2}
    keeper.namespaces.replace([_namespace(**{"display-name": "Computer vision"})])
    await keeper.step()
    assert lines(store, By.TEAM) == {"Computer vision": 2}
    keeper.namespaces.update("DELETED", _namespace())
    await keeper.step()
    assert lines(store, By.TEAM) == {"Computer vision (until 2026-11-03)": 2}
