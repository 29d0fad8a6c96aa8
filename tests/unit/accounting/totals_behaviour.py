"""Reports from totals are those of the sessions, to the last digit, whatever is learnt when."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from gpucommons_accounting.database.listing import Mark, Whose
from gpucommons_accounting.database.people.identities import SeenTeam
from gpucommons_accounting.database.sums.reports import Wanted
from gpucommons_accounting.reckoning.budgets.spending import (
    KINDS,
    charged_in,
    spending,
    who_is_there,
)
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period, in_hours
from gpucommons_accounting.reckoning.use.prices import Price, PriceList
from gpucommons_accounting.reckoning.use.report import By, Line, Report, report
from gpucommons_accounting.records.event import Source
from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.records.session import State
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from .sessions import BERLIN, at, fact, facts
from .spending_by_sessions import spending_by_sessions

CALENDAR = Calendar(BERLIN)
LEARNT = at("2027-06-01T00:00")
_MOMENTS = st.datetimes(
    datetime(2026, 9, 20), datetime(2026, 12, 10), timezones=st.just(UTC)
) | st.sampled_from(
    [at("2026-09-30T22:00"), at("2026-10-24T22:00"), at("2026-10-25T23:00"), at("2026-10-31T23:00")]
)
_LENGTHS = st.timedeltas(timedelta(0), timedelta(days=20)) | st.sampled_from(
    [timedelta(0), timedelta(hours=1), timedelta(hours=8), timedelta(days=1)]
)
_PRICES = [
    Price("H100", Decimal("1.234567"), at("2026-09-30T22:00")),
    Price("H100", Decimal("1.5"), at("2026-10-14T22:00")),
    Price("", Decimal("0.1"), at("2026-11-09T23:00")),
]
_PERIODS = [
    CALENDAR.month(2026, 10),
    CALENDAR.month(2026, 11),
    Period(at("2026-09-30T22:00"), at("2026-11-30T23:00")),
    Period(at("2026-10-14T22:00"), at("2026-10-26T23:00")),
    Period(at("2026-10-01T12:00"), at("2026-11-01T12:00")),
]
_YEAR = Period(at("2025-12-31T23:00"), at("2026-12-31T23:00"))
_QUESTIONS = st.tuples(
    st.sampled_from(_PERIODS), st.sampled_from(By), st.sampled_from([None, "vision"])
)


_IDENTITIES = st.tuples(
    st.sets(
        st.builds(
            PersonId,
            st.sampled_from(["ada", "ben"]),
            st.sampled_from(["2026-10-05T00:00:00Z", "2026-10-20T12:00:00Z"]),
        )
    ),
    st.lists(
        st.builds(
            SeenTeam,
            st.sampled_from(["u1", "u2"]),
            st.sampled_from(["vision", "astro"]),
            st.just("A team"),
            st.sampled_from([at("2026-01-01T00:00"), at("2026-10-20T12:00")]),
        ),
        unique_by=lambda team: team.uid,
    ),
)
"""People and teams that are known, of which records may say who is meant, or not."""


@st.composite
def learnt(draw) -> list:
    """What is learnt of a few sessions, in the order in which it comes."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        uid, begin = f"s{number}", draw(_MOMENTS)
        end = begin + draw(_LENGTHS)
        choice = {
            "person": draw(st.sampled_from(["ada", "ben"])),
            "team": draw(st.sampled_from(["vision", "astro"])),
            "size": draw(st.sampled_from(["share", "gpu"])),
            "units": draw(st.sampled_from(["0", "0.142857", "0.25", "8"])),
            "product": draw(st.sampled_from(["", "H100", "A30"])),
            "team_uid": draw(st.sampled_from(["", "u1", "u2"])),
            "person_since": draw(st.sampled_from(["", "2026-10-05T00:00:00Z"])),
        }
        found += facts(begin, draw(st.sampled_from([None, end])), uid, **choice)
        if draw(st.booleans()):
            by = (end + draw(_LENGTHS)).isoformat()
            found.append(fact("missing", end, Source.ACCOUNTING, by=by)(uid))
        if draw(st.booleans()):
            found.append(fact("stopping", begin + (end - begin) / 2)(uid))
    return draw(st.permutations(found))


def _line(line: Line) -> tuple:
    usage = line.usage
    states = tuple(usage.by_state[state] for state in State)
    counts = (usage.started, usage.active, line.uncertain_ends)
    return (line.name, states, usage.uncertain, *counts, line.cost, line.priced, line.not_priced)


def _said(found: Report) -> list[tuple]:
    return [_line(line) for line in [*found.lines, found.total]]


def rows_of(url: str) -> list:
    """Return all totals, in order."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT * FROM totals ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10")
        )
        rows = found.all()
    engine.dispose()
    return rows


_NAMES = ("people", "teams", "team_names")


def empty(url: str) -> None:
    """Forget all that was learnt."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in ("totals", "totals_zone", "sessions", "events", "prices", "activity", *_NAMES):
            connection.execute(text(f"DELETE FROM {table}"))
    engine.dispose()


def without_totals(url: str) -> None:
    """Have them not be there, so that all is read one by one."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM totals_zone"))
    engine.dispose()


class TotalsBehaviour:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(learnt(), _QUESTIONS)
    def test_totals_that_were_kept_up_are_those_of_the_sessions(
        self, berlin_store, store_url, events, question
    ):
        store, (period, by, team) = berlin_store, question
        empty(store_url)
        store.make_totals()
        for price in _PRICES:
            store.set_price(price, "boss", LEARNT)
        third = -(-len(events) // 3)
        for first in range(0, len(events), third):
            store.add(events[first : first + third], LEARNT)
        directly = report(
            store.sessions(period, Whose(team=team)),
            period,
            LEARNT,
            by,
            calendar=CALENDAR,
            prices=PriceList(_PRICES),
        )
        assert _said(store.report(period, LEARNT, by, Whose(team=team))) == _said(directly)
        kept_up = rows_of(store_url)
        store.rebuild()
        assert rows_of(store_url) == kept_up

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(learnt(), st.tuples(st.sampled_from([*_PERIODS, _YEAR]), st.booleans()), _IDENTITIES)
    def test_what_was_charged_by_totals_is_what_it_is_by_sessions(
        self, berlin_store, store_url, events, question, identities
    ):
        """To the last digit, also where records do not say which of several ada's they are of."""
        store, (period, made) = berlin_store, question
        empty(store_url)
        if made:
            store.make_totals()
        for price in _PRICES:
            store.set_price(price, "boss", LEARNT)
        people, teams = identities
        store.people_and_teams.meet(people)
        store.people_and_teams.see_teams(teams, LEARNT)
        store.add(events, LEARNT)
        known = store.people_and_teams.identities()
        newest = who_is_there({}, known)
        by_sessions = spending_by_sessions(
            store.sessions(period),
            period,
            LEARNT,
            PriceList(_PRICES),
            newest=newest,
            known=known,
        )
        charges = store.charges([period, _YEAR], LEARNT)[period]
        assert spending(charges, newest, known) == by_sessions
        wanted = [Wanted(period, by) for by in KINDS]
        found = store.reports(wanted, LEARNT)
        said = {
            owner: spent
            for each in wanted
            for owner, spent in charged_in(found[each], each.by).items()
        }
        assert spending(said, newest, known) == by_sessions
        sums = {(said.total.usage.charged, said.total.priced) for said in found.values()}
        assert len(sums) == 1

    def test_totals_are_of_the_site_s_days(self, store, berlin_store):
        store.make_totals()
        assert (store.totals_are_made(), berlin_store.totals_are_made()) == (True, False)
        berlin_store.add(facts("2026-11-30T22:30", "2026-11-30T23:30"), LEARNT)
        assert (store.totals_are_made(), berlin_store.totals_are_made()) == (False, False)
        for each in (store, berlin_store):
            month = each.calendar.month(2026, 12)
            before = _said(each.report(month, LEARNT, By.TEAM))
            each.make_totals()
            assert each.totals_are_made()
            assert _said(each.report(month, LEARNT, By.TEAM)) == before

    def test_another_time_zone_moves_usage_between_days_and_changes_no_total(
        self, store, berlin_store
    ):
        store.make_totals()
        store.add(facts("2026-10-24T20:00", "2026-10-25T05:00"), LEARNT)
        store.add(facts("2026-10-25T23:30", "2026-10-26T00:30", "b"), LEARNT)
        autumn = Period(at("2026-10-01T00:00"), at("2026-11-15T00:00"))
        in_utc = store.report(autumn, LEARNT, By.DAY)
        berlin_store.make_totals()
        in_berlin = berlin_store.report(
            Period(at("2026-09-30T22:00"), at("2026-11-14T23:00")), LEARNT, By.DAY
        )
        assert [line.name for line in in_utc.lines] == ["2026-10-24", "2026-10-25", "2026-10-26"]
        hours = [in_hours(line.usage.charged) for line in in_berlin.lines]
        assert hours == [2, 7, 1]
        assert _line(in_berlin.total) == _line(in_utc.total)

    def test_pages_are_all_sessions_one_after_the_other(self, store):
        begins = [f"2026-11-{day:02}T09:00" for day in range(1, 31)]
        for number, begin in enumerate(begins):
            end = None if number == 3 else at(begin) + timedelta(days=number % 7)
            store.add(facts(begin, end, f"s{number:02}", person=["ada", "ben"][number % 2]), LEARNT)
        store.add(facts("2026-10-01T09:00", "2026-11-30T09:00", "long"), LEARNT)
        store.add(facts(begins[12], begins[12], "same"), LEARNT)
        period = Period(at("2026-11-10T09:00"), at("2026-11-20T09:00"))
        for person in (None, "ada", "cleo"):
            whose = Whose(person=person)
            whole = store.sessions(period, whose)
            assert whole == sorted(whole, key=lambda each: (each.requested, each.uid))
            assert [each.uid for each in whole if each.runs] == ["s03"] * (person is None)
            for backwards in (False, True):
                found, after = [], None
                while some := store.page(period, 2, whose, after=after, newest_first=backwards):
                    found += some
                    after = Mark.of(some[-1])
                assert found == (whole[::-1] if backwards else whole)
