"""What is kept is what was learnt, and comes out the same however often it is reckoned."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from gpucommons_accounting.database.budget_mails import Told
from gpucommons_accounting.database.listing import Whose
from gpucommons_accounting.database.tables import METADATA
from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind
from gpucommons_accounting.reckoning.budgets.budget import Budget, PeriodKind, Rule, Subject
from gpucommons_accounting.reckoning.periods.calendar import Period
from gpucommons_accounting.reckoning.use.prices import Price
from gpucommons_accounting.records.deriving import derive
from gpucommons_accounting.records.event import Source
from gpucommons_accounting.records.identity import PersonId
from gpucommons_contract import GPU_HOURS, AtLimit, SubjectKind
from sqlalchemy import create_engine, text

from .sessions import at, fact, facts

EVER = Period(at("2026-01-01"), at("2027-01-01"))
LEARNT = at("2026-12-03T08:00")


def all_facts() -> list:
    return [
        *facts("2026-11-30T09:00", "2026-11-30T10:40", units="0.142857"),
        fact("stopping", "2026-11-30T10:39")(),
        fact("reason", "2026-11-30T10:39", Source.CULLER, code="idle", sentence="Idle.", by="c")(),
    ]


class StoreBehaviour:
    def test_migrations_make_the_tables_of_the_code(self, store, store_url):
        engine = create_engine(store_url)
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_server_default": True})
            assert compare_metadata(context, METADATA) == []
        engine.dispose()

    def test_a_session_comes_out_as_it_was_derived(self, store):
        store.add(all_facts(), LEARNT)
        assert store.sessions(EVER) == [derive(all_facts())]

    def test_rebuilding_gives_the_same_bytes(self, store, store_url):
        for uid in "abc":
            store.add(facts("2026-11-30T09:00", "2026-11-30T10:40", uid), LEARNT)
        engine = create_engine(store_url)

        def rows() -> list:
            with engine.connect() as connection:
                return connection.execute(text("SELECT * FROM sessions ORDER BY uid")).all()

        before = rows()
        with engine.begin() as connection:
            connection.execute(text("UPDATE sessions SET person = 'x', gone = NULL"))
            connection.execute(text("DELETE FROM sessions WHERE uid = 'b'"))
        assert rows() != before
        assert store.rebuild() == 3
        assert rows() == before
        engine.dispose()

    @pytest.mark.parametrize(
        ("begin", "end", "found"),
        [
            ("2026-11-30T08:00", "2026-11-30T09:00", []),
            ("2026-11-30T08:00", "2026-11-30T09:01", ["a", "b"]),
            ("2026-11-30T10:00", "2026-11-30T11:00", ["a", "b"]),
            ("2026-11-30T11:00", "2026-11-30T12:00", ["b"]),
        ],
    )
    def test_a_session_is_found_in_each_period_in_which_it_was_there(
        self, store, begin, end, found
    ):
        store.add(facts("2026-11-30T09:00", "2026-11-30T10:40", "a"), LEARNT)
        store.add(facts("2026-11-30T09:00", None, "b", person="bob"), LEARNT)
        period = Period(at(begin), at(end))
        assert [each.uid for each in store.sessions(period)] == found
        assert [each.uid for each in store.sessions(period, Whose(person="bob"))] == found[-1:]
        assert store.sessions(period, Whose(team="astro")) == []

    def test_many_sessions_are_derived_at_once(self, store):
        learnt = [
            each
            for number in range(1200)
            for each in facts("2026-11-30T09:00", None, f"s{number:04}")
        ]
        store.add(learnt, LEARNT)
        assert len(store.running()) == 1200

    def test_of_two_prices_for_one_moment_the_later_one_counts(self, store):
        january = at("2027-01-01")
        store.set_price(Price("H100", Decimal("1.10"), january), "boss", at("2026-11-01"))
        store.set_price(Price("H100", Decimal("1.20"), january), "boss", at("2026-11-02"))
        store.set_price(Price("", Decimal("0.333333"), at("2026-01-01")), "boss", at("2026-11-02"))
        assert store.prices() == [
            Price("", Decimal("0.333333"), at("2026-01-01")),
            Price("H100", Decimal("1.20"), january),
        ]

    def test_the_last_beat_is_kept(self, store):
        assert store.last_beat() is None
        store.beat(at("2026-11-30T09:00"))
        store.beat(at("2026-11-30T09:01"))
        assert store.last_beat() == at("2026-11-30T09:01")

    def test_what_is_set_is_kept_with_who_set_it_and_nothing_is_replaced(self, store):
        vision = Subject(SubjectKind.TEAM, "vision")
        first = Budget(
            vision,
            GPU_HOURS,
            Rule.LIMITED,
            at("2026-01-01"),
            Decimal("12.333333"),
            PeriodKind.TERM,
            date(2026, 10, 1),
            date(2027, 3, 31),
            (50, 90),
            AtLimit.DENY,
            LEARNT,
            "boss",
            "Winter.",
        )
        second = replace(first, rule=Rule.UNLIMITED, amount=Decimal(0))
        for each in (first, second):
            store.budgets.set_budget(each, "boss", LEARNT)
        assert store.budgets.budgets() == [first, second]

    def test_of_two_refunds_of_a_session_at_once_one_is_kept(self, store):
        given = _refund(at("2026-11-30T12:00"))
        assert store.budgets.adjust(given, others=0)
        assert not store.budgets.adjust(given, others=0)
        assert store.budgets.adjust(given, others=1)
        assert store.budgets.adjustments(session="a") == [given, given]
        assert store.budgets.adjustments(session="b") == []

    def test_adjustments_are_found_by_when_they_count(self, store):
        given = [_refund(at(each)) for each in ("2026-11-01", "2026-12-01")]
        for each in given:
            assert store.budgets.adjust(each)
        november = Period(at("2026-11-01"), at("2026-12-01"))
        assert store.budgets.adjustments(november) == given[:1]
        assert store.budgets.adjustments() == given

    def test_the_newest_sessions_say_who_there_is_of_a_name(self, store):
        for number, uid in enumerate(("u1", "u2", "")):
            begin = f"2026-11-30T0{number}:00"
            end, since = f"2026-11-30T0{number}:30", "2026-01-01" if uid else ""
            own = {"team_uid": uid, "person_since": since}
            store.add(facts(begin, end, f"s{uid}", **own), LEARNT)
        assert store.budgets.session("s").choice.team_uid == ""
        assert store.budgets.session("none") is None
        ada, vision = Subject(SubjectKind.PERSON, "ada"), Subject(SubjectKind.TEAM, "vision")
        nobody = Subject(SubjectKind.PERSON, "vision")
        assert store.budgets.newest([ada, vision, nobody]) == {ada: "2026-01-01", vision: "u2"}
        assert store.budgets.newest([vision]) == {vision: "u2"}

    def test_case_39_what_is_learnt_after_the_close_of_a_month_is_said_of_it(self, store):
        november = Period(at("2026-11-01"), at("2026-12-01"))
        learnt = at("2026-12-01T02:30")
        store.add(facts("2026-11-30T23:00", "2026-12-01T02:00"), at("2026-11-30T23:00"))
        store.add(facts("2026-11-30T23:00", "2026-12-01T02:00", "b")[-1:], learnt)
        assert store.late_finds.last(november) is None
        store.add(facts("2026-11-20T08:00", "2026-11-20T10:00", "c", person="ben"), LEARNT)
        assert store.late_finds.last(november) == LEARNT
        assert store.late_finds.last(november, Whose(person="ada")) is None
        assert store.late_finds.last(Period(at("2026-12-01"), at("2027-01-01"))) is None

    def test_the_highest_percent_that_somebody_was_told_is_kept(self, store):
        until, ada = at("2026-12-01"), PersonId("ada", "2026-01-01")
        month = Told(SubjectKind.TEAM, "vision", "u1", GPU_HOURS, until, ada)
        other = replace(month, receiver=PersonId("ada", "2026-11-01"))
        for percent in (80, 100):
            store.budget_mails.note(month, percent, LEARNT)
        store.budget_mails.note(other, 80, LEARNT)
        assert store.budget_mails.told() == {month: 100, other: 80}
        later = replace(month, resets_at=at("2027-02-01"))
        store.budget_mails.note(later, 80, at("2027-01-02"))
        assert store.budget_mails.told() == {later: 80}


def _refund(when: datetime) -> Adjustment:
    return Adjustment(
        AdjustmentKind.REFUND,
        "ada",
        "vision",
        Decimal("142857.000000001"),
        Decimal("1.20"),
        "EUR",
        when,
        LEARNT,
        "boss",
        "Node lost.",
        "a",
    )
