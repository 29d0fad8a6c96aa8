"""What was measured is kept once, however often it is told, and what knows more counts."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from gpucommons_accounting.database.activities import Activities
from gpucommons_accounting.database.listing import Whose
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period
from gpucommons_accounting.reckoning.use.activity import Activity, Meter
from gpucommons_accounting.reckoning.use.efficiencies import efficiencies, efficiencies_of
from gpucommons_accounting.reckoning.use.prices import PriceList
from gpucommons_accounting.reckoning.use.report import By, report
from gpucommons_accounting.records.identity import PersonId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from .identity_behaviour import FIRST, SECOND
from .sessions import BERLIN, at, facts
from .totals_behaviour import empty, rows_of, without_totals

NINE = at("2026-11-30T09:00")
DAY = Period(at("2026-11-30"), at("2026-12-01"))


def quarter(uid="a", begin=NINE, known=900, busy=450, idle=90, **more) -> Activity:
    return Activity(uid, begin, Decimal(known), Decimal(busy), Decimal(idle), **more)


@st.composite
def _steps(draw) -> list:
    """What is learnt of a few sessions, and measured of them; some of it is forgotten."""
    begins = st.sampled_from([NINE - timedelta(hours=15), NINE, NINE + timedelta(minutes=15)])
    steps = []
    for _ in range(draw(st.integers(1, 5))):
        uid = draw(st.sampled_from("ab"))
        end = draw(st.sampled_from([None, "2026-11-30T09:30", "2026-12-01T00:30"]))
        product = draw(st.sampled_from(["H100", "A30"]))
        learnt = facts("2026-11-29T10:00", end, uid, units="0.142857", product=product)
        measured = [
            quarter(uid, begin, known, known // 2, known // 4)
            for begin, known in draw(st.dictionaries(begins, st.integers(0, 900))).items()
        ]
        steps.append((learnt, measured, draw(st.integers(0, 9)) == 0))
    return steps


class ActivityBehaviour:
    @pytest.fixture
    def kept(self, berlin_store) -> Activities:
        return berlin_store.activities

    def test_it_comes_out_as_it_was_measured(self, kept):
        measured = quarter(known="899.999", peak_memory=40 * 2**30, meter=Meter.SESSION)
        kept.keep([measured])
        assert kept.of(DAY) == {"a": [measured]}
        assert kept.of(DAY, ["b"]) == {}

    def test_in_any_order_and_however_often_what_knows_most_is_kept(self, kept):
        told = [
            quarter(known=600, busy=10, meter=Meter.PROMETHEUS),
            quarter(known=900, busy=20, meter=Meter.SESSION),
            quarter(known=900, busy=30, meter=Meter.PROMETHEUS),
            quarter(known=0, busy=0, idle=0),
            quarter(begin=at("2026-11-30T09:15"), known=60),
        ]
        for seed in range(5):
            again = told * 2
            random.Random(seed).shuffle(again)
            for number in range(0, len(again), 3):
                kept.keep(again[number : number + 3])
            assert kept.of(DAY) == {"a": [told[2], told[4]]}

    def test_it_is_found_in_the_periods_that_its_quarter_is_in(self, kept):
        kept.keep([quarter()])
        for begin, end, found in (
            ("2026-11-30T08:00", "2026-11-30T09:00", {}),
            ("2026-11-30T09:14", "2026-11-30T09:30", {"a": [quarter()]}),
            ("2026-11-30T09:15", "2026-11-30T09:30", {}),
        ):
            assert kept.of(Period(at(begin), at(end))) == found

    def test_many_quarters_are_kept_at_once(self, kept):
        many = [quarter(f"s{number:04}") for number in range(1200)]
        kept.keep(many)
        kept.keep([replace(each, busy_seconds=Decimal(500)) for each in many])
        found = kept.of(DAY)
        assert len(found) == 1200
        assert {each.busy_seconds for (each,) in found.values()} == {500}

    @pytest.mark.parametrize("totals", [True, False])
    @pytest.mark.parametrize("by", list(By))
    def test_lines_of_a_report_are_summed_up_as_sessions_are_one_by_one(
        self, kept, berlin_store, by, totals
    ):
        store = berlin_store
        if totals:
            store.make_totals()
        store.add(facts("2026-11-29T22:00", "2026-11-30T10:00", "a", units="0.25"), NINE)
        store.add(facts("2026-11-30T08:00", "2026-11-30T12:00", "b", person="ben"), NINE)
        store.add(facts("2026-11-30T08:00", "2026-11-30T12:00", "c", team="astro"), NINE)
        store.add(facts("2026-11-30T08:00", None, "d", team="astro"), NINE)
        kept.keep(quarter(uid) for uid in "abcd")
        kept.keep([quarter("a", at("2026-11-29T22:45")), quarter("a", at("2026-11-29T23:00"))])
        calendar, now = Calendar(BERLIN), at("2026-12-01")
        month = calendar.month(2026, 11)
        sessions = store.sessions(month)
        said = report(sessions, month, now, by, calendar=calendar, prices=PriceList([]))
        found = efficiencies_of(said, kept.sums(month, by))
        one_by_one = efficiencies(sessions, kept.of(month), month, now, by=by, calendar=calendar)
        assert found == one_by_one
        assert found.total.used
        of_ben = kept.sums(month, by, whose=Whose(person="ben", team="vision"))
        assert {each.used for each in of_ben.values()} == {450_000_000}

    def test_how_busy_gpus_were_is_said_of_those_who_held_them_and_of_nobody_of_their_name(
        self, kept, store
    ):
        """ada left, and another ada came; team vision was removed and made again."""
        known = store.people_and_teams
        was = {"person_since": FIRST, "team_uid": "u1"}
        store.add(facts("2026-11-30T09:00", "2026-11-30T10:00", "a", **was), NINE)
        known.meet([PersonId("ada", FIRST), PersonId("ada", SECOND)])
        calendar, now = Calendar(BERLIN), at("2026-12-01")
        month = calendar.month(2026, 11)
        kept.keep([quarter("a")])
        first = {By.PERSON: ("ada", FIRST), By.TEAM: ("vision", "u1")}
        second = {By.PERSON: ("ada", SECOND), By.TEAM: ("vision", "u2")}
        for by, own in first.items():
            assert list(kept.sums(month, by)) == [own]
        hers = Whose(person="ada", since=SECOND)
        assert kept.sums(month, By.DAY, whose=hers) == {}
        new = {"person_since": SECOND, "team_uid": "u2"}
        store.add(facts("2026-11-30T12:00", "2026-11-30T13:00", "b", **new), NINE)
        kept.keep([quarter("b", at("2026-11-30T12:00"))])
        for by, own in first.items():
            sessions = store.sessions(month)
            said = report(
                *(sessions, month, now, by),
                calendar=calendar,
                prices=PriceList([]),
                identities=known.identities(),
            )
            found = efficiencies_of(said, kept.sums(month, by))
            assert set(found.lines) == {own, second[by]}
            assert {each.used for each in found.lines.values()} == {450_000_000}

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(_steps())
    def test_totals_that_were_kept_up_are_those_of_all_that_was_measured(
        self, berlin_store, kept, store_url, steps
    ):
        """In whatever order it is learnt, that a session ended, and that it was another one's."""
        store = berlin_store
        empty(store_url)
        store.make_totals()
        for learnt, measured, forgotten in steps:
            store.add(learnt, NINE)
            kept.keep(measured)
            if forgotten:
                kept.forget(at("2026-11-30T09:15"))
        calendar = Calendar(BERLIN)
        month = calendar.month(2026, 11)
        kept_up = rows_of(store_url)
        from_totals = {by: kept.sums(month, by) for by in By}
        store.rebuild()
        assert rows_of(store_url) == kept_up
        without_totals(store_url)
        assert {by: kept.sums(month, by) for by in By} == from_totals

    def test_what_is_old_is_forgotten(self, kept, store):
        store.add(facts("2026-10-01T09:00", "2026-10-01T10:00", "old"), NINE)
        store.add(facts("2026-11-30T09:00", None, "new"), NINE)
        kept.name_pods({"old": "team-vision/ada", "new": "team-vision/ben"})
        kept.keep([quarter("old", at("2026-10-01T09:00")), quarter("new")])
        assert kept.forget(at("2026-11-01")) == 1
        ever = Period(at("2026-01-01"), at("2027-01-01"))
        assert list(kept.of(ever)) == ["new"]
        assert [each.uid for each in kept.pod_sessions(ever)] == ["new"]

    def test_many_are_forgotten_some_in_each_transaction(self, kept, store):
        kept.keep([quarter(f"s{number:04}") for number in range(4500)])
        kept.name_pods({"s0001": "team-vision/ada"})
        kept.keep([quarter("new", at("2026-11-30T10:00"))])
        deleted = []

        def note(_connection, cursor, statement, *_) -> None:
            if statement.startswith("DELETE FROM activity"):
                deleted.append(cursor.rowcount)

        event.listen(Engine, "after_cursor_execute", note)
        try:
            assert kept.forget(at("2026-11-30T10:00")) == 4500
        finally:
            event.remove(Engine, "after_cursor_execute", note)
        assert sum(deleted) == 4500
        assert max(deleted) <= 2000
        assert list(kept.of(DAY)) == ["new"]

    def test_a_session_is_known_by_its_pod_while_it_is_there(self, kept, store):
        store.add(facts("2026-11-30T09:00", "2026-11-30T10:00", "first"), NINE)
        store.add(facts("2026-11-30T11:00", None, "second"), NINE)
        store.add(facts("2026-11-30T11:00", None, "without", units="0"), NINE)
        for _ in range(2):
            kept.name_pods(dict.fromkeys(("first", "second", "without"), "team-vision/ada"))
        of_day = kept.pod_sessions(DAY)
        assert [(each.uid, each.pod) for each in of_day] == [
            ("first", "team-vision/ada"),
            ("second", "team-vision/ada"),
        ]
        noon = Period(at("2026-11-30T12:00"), at("2026-11-30T13:00"))
        assert [each.uid for each in kept.pod_sessions(noon)] == ["second"]

    def test_until_when_was_asked_is_kept(self, kept):
        assert kept.measured_until() is None
        kept.note_measured(NINE)
        kept.note_measured(at("2026-11-30T09:01"))
        assert kept.measured_until() == at("2026-11-30T09:01")
