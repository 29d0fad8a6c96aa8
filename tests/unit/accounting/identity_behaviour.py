"""People and teams are who they are, whatever they are called, and whoever is called so later."""

from decimal import Decimal

from gpucommons_accounting.database.people.identities import SeenTeam
from gpucommons_accounting.database.people.looks import Look
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period, in_hours
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.reckoning.use.report import By, report
from gpucommons_accounting.records.identity import PersonId, TeamId

from .sessions import BERLIN, at, facts

_CALENDAR = Calendar(BERLIN)
NOVEMBER = _CALENDAR.month(2026, 11)
_LATER = at("2027-06-01T00:00")
FIRST, SECOND = "2026-01-07T08:00:00.000001Z", "2026-11-20T08:00:00.000002Z"
"""When two accounts of the name ada were made."""


def team(uid: str = "u1", display_name: str = "Computer vision", **more) -> SeenTeam:
    found = {"name": "vision", "since": at("2026-01-01T00:00"), **more}
    return SeenTeam(uid=uid, display_name=display_name, **found)


def lines(store: Store, by: By, period: Period = NOVEMBER) -> dict[str, Decimal]:
    """Return GPU-hours by the titles of a report's lines."""
    found = report(
        store.sessions(period),
        period,
        _LATER,
        by,
        calendar=_CALENDAR,
        prices=PriceList(()),
        identities=store.people_and_teams.identities(),
    )
    return {line.about.title: in_hours(line.usage.charged) for line in found.lines}


def used(store: Store, uid: str, begin: str, hours: int, **choice: str) -> None:
    """Record a session."""
    first = at(begin)
    end = first.replace(hour=first.hour + hours)
    store.add(facts(first, end, uid, **choice), _LATER)


class IdentityBehaviour:
    def test_a_team_that_gets_another_name_is_one_line_and_found_by_the_old_one(self, store):
        known = store.people_and_teams
        known.see_teams([team(display_name="Computer vision")], at("2026-11-01T00:00"))
        used(store, "a", "2026-11-02T08:00", 2, team_uid="u1")
        assert lines(store, By.TEAM) == {"Computer vision": 2}
        known.see_teams([team(display_name="Seeing machines")], at("2026-11-10T00:00"))
        used(store, "b", "2026-11-12T08:00", 3, team_uid="u1")
        assert lines(store, By.TEAM) == {"Seeing machines": 5}
        for name in ("computer vision", "Seeing machines", "vision"):
            (found,) = known.identities().teams_called(name)
            assert found.id == TeamId("vision", "u1")
        assert not known.identities().teams_called("Audio")

    def test_a_team_that_is_removed_and_made_again_is_two_lines(self, store):
        known = store.people_and_teams
        known.see_teams([team("u1")], at("2026-11-01T00:00"))
        used(store, "a", "2026-11-02T08:00", 2, team_uid="u1")
        known.see_teams([], at("2026-11-10T09:00"))
        known.see_teams([team("u2", since=at("2026-11-11T00:00"))], at("2026-11-11T00:01"))
        used(store, "b", "2026-11-12T08:00", 3, team_uid="u2")
        assert lines(store, By.TEAM) == {
            "Computer vision (until 2026-11-10)": 2,
            "Computer vision": 3,
        }
        assert [each.uid for each in known.identities().teams_called("vision")] == ["u2", "u1"]

    def test_a_team_that_a_list_lacked_is_there_again_with_its_leads(self, store):
        known = store.people_and_teams
        led = team(leads={"ben": ""})
        for seen in ([led], [], [led]):
            known.see_teams(seen, at("2026-11-10T09:00"))
        (found,) = known.identities().teams_led_by(PersonId("ben", FIRST))
        assert (found.uid, found.left_at) == ("u1", None)

    def test_who_changes_teams_leaves_what_was_used_where_it_was(self, store):
        """10 h before 15 November, 2 h in a session that was begun before, 6 h after it."""
        own = {"person_since": FIRST}
        used(store, "a", "2026-11-13T00:00", 10, team="vision", team_uid="u1", **own)
        used(store, "b", "2026-11-14T22:00", 1, team="vision", team_uid="u1", **own)
        used(store, "c", "2026-11-15T08:00", 1, team="vision", team_uid="u1", **own)
        used(store, "d", "2026-11-16T08:00", 6, team="audio", team_uid="u3", **own)
        assert lines(store, By.TEAM) == {"audio": 6, "vision": 12}
        assert lines(store, By.PERSON) == {"ada": 18}

    def test_who_gets_the_name_of_somebody_who_left_has_used_nothing(self, store):
        known = store.people_and_teams
        used(store, "a", "2026-11-02T08:00", 12, person_since=FIRST)
        before = lines(store, By.TEAM)
        known.meet_people_of_sessions(None)
        known.left(PersonId("ada", FIRST), at("2026-11-15T00:00"))
        assert lines(store, By.PERSON) == {"ada (left)": 12}
        known.meet([PersonId("ada", SECOND)])
        found = store.people_and_teams.identities("ada")
        second = PersonId("ada", SECOND)
        assert [each for each in store.sessions(NOVEMBER) if found.person_of(each) == second] == []
        assert lines(store, By.TEAM) == before
        used(store, "b", "2026-11-21T08:00", 1, person_since=SECOND)
        assert lines(store, By.PERSON) == {"ada (left)": 12, "ada": 1}

    def test_a_newer_account_says_that_the_older_one_is_no_more(self, store):
        used(store, "a", "2026-11-02T08:00", 2, person_since=FIRST)
        used(store, "b", "2026-11-21T08:00", 1, person_since=SECOND)
        store.people_and_teams.meet_people_of_sessions(None)
        assert lines(store, By.PERSON) == {"ada (left)": 2, "ada": 1}

    def test_a_record_without_an_identity_is_of_who_had_the_name_then(self, store):
        known = store.people_and_teams
        known.meet([PersonId("ada", FIRST), PersonId("ada", SECOND)])
        known.see_teams([team("u1")], at("2026-11-01T00:00"))
        used(store, "a", "2026-11-02T08:00", 2)
        used(store, "b", "2026-11-21T08:00", 1)
        assert lines(store, By.PERSON) == {"ada (left)": 2, "ada": 1}
        assert lines(store, By.TEAM) == {"Computer vision": 3}

    def test_who_looked_at_somebody_is_told_to_nobody_of_the_same_name(self, store):
        first, second = PersonId("ada", FIRST), PersonId("ada", SECOND)
        look = Look(at("2026-11-03T00:00"), "root", first, "sessions")
        store.looks.add(look)
        assert store.looks.at(first, 10) == [look]
        assert store.looks.at(second, 10) == []
