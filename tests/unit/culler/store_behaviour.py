"""What a store does, on whichever database: a test class for each inherits this."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from gpucommons_culler.core.errors import AlreadyWarnedError, NoSuchExemptionError
from gpucommons_culler.core.records import Event, EventFilter, EventKind, Scope
from gpucommons_culler.core.session import SessionKey
from gpucommons_culler.database.store import LEASES_MATTER, Store
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .samples import (
    ADA,
    BEN,
    DAY,
    HOUR,
    MINUTE,
    NOW,
    PATIENCE_S,
    a_countdown,
    a_lease,
    an_event,
    an_exemption,
)

_IN_A_ZONE = st.datetimes(
    min_value=datetime(1990, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours))),
)
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_EVENTS = st.builds(
    Event,
    at=_IN_A_ZONE,
    kind=st.sampled_from(EventKind),
    session=st.builds(SessionKey, _TEXT, _TEXT, _IN_A_ZONE),
    team=_TEXT,
    size=_TEXT,
    reason=_TEXT,
    by=_TEXT,
    verdict=_TEXT,
    rule=_TEXT,
    idle_since=st.none() | _IN_A_ZONE,
    gpus=st.decimals(0, 1000, places=3),
    until=st.none() | _IN_A_ZONE,
    signals=st.lists(
        st.dictionaries(_TEXT, st.none() | st.booleans() | st.integers() | _TEXT),
        max_size=3,
    ).map(tuple),
)


def _kinds(store: Store) -> list[EventKind]:
    return [line.event.kind for line in store.events()]


class StoreBehaviour:
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(event=_EVENTS)
    def test_any_event_comes_back_as_it_was_in_utc(self, store, event):
        store.record(event)
        (line,) = store.events(limit=1)
        assert line.event == event
        moments = (line.event.at, line.event.session.started)
        assert all(moment.tzinfo is UTC for moment in moments)

    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(name=st.text(st.sampled_from("a\0\ud800é\udfff😀"), min_size=1))
    def test_a_name_that_no_database_can_keep_does_not_stop_the_audit(self, store, name):
        store.record(an_event(reason=name, signals=({"value": name},)))
        kept = store.events(limit=1)[0].event
        assert len(kept.reason) == len(name)
        assert kept.reason.count("é") == name.count("é")
        assert [list(signal) for signal in kept.signals] == [["value"]]

    def test_a_moment_without_a_time_zone_is_refused(self, store):
        with pytest.raises(Exception, match="has no time zone"):
            store.record(an_event(at=NOW.replace(tzinfo=None)))
        assert store.events() == []

    def test_a_warning_and_its_line_come_back(self, store):
        standing = a_countdown()
        store.begin(standing, an_event())
        assert store.countdowns() == [standing]
        assert [line.event for line in store.events()] == [an_event()]

    def test_a_session_is_warned_once(self, store):
        store.begin(a_countdown(), an_event())
        with pytest.raises(AlreadyWarnedError, match="ada was warned already"):
            store.begin(a_countdown(stop_at=NOW + 2 * HOUR), an_event())
        assert store.countdowns() == [a_countdown()]
        assert len(store.events()) == 1

    def test_of_replicas_that_warn_together_one_does(self, store, store_url):
        other = Store(store_url, patience_seconds=PATIENCE_S)
        other.open()

        def warn(each: Store) -> bool:
            try:
                each.begin(a_countdown(), an_event())
            except AlreadyWarnedError:
                return False
            return True

        with ThreadPoolExecutor() as threads:
            done = list(threads.map(warn, [store, other] * 4))
        other.close()
        assert done.count(True) == 1
        assert _kinds(store) == [EventKind.WARNED]

    def test_the_same_moment_in_another_zone_is_the_same_session(self, store):
        store.begin(a_countdown(), an_event())
        there = ADA.started.astimezone(timezone(timedelta(hours=9)))
        with pytest.raises(AlreadyWarnedError):
            store.begin(a_countdown(ADA._replace(started=there)), an_event())

    def test_another_run_of_the_server_is_another_session(self, store):
        store.begin(a_countdown(), an_event())
        store.begin(a_countdown(ADA._replace(started=NOW)), an_event())
        assert len(store.countdowns()) == 2

    def test_warnings_come_in_the_order_of_their_ends(self, store):
        late, soon = a_countdown(ADA, NOW + HOUR), a_countdown(BEN, NOW + MINUTE)
        store.begin(late, an_event())
        store.begin(soon, an_event(session=BEN))
        assert store.countdowns() == [soon, late]

    def test_a_warning_ends_with_a_line_that_says_why(self, store):
        store.begin(a_countdown(), an_event())
        assert store.end(ADA, an_event(EventKind.STOPPED))
        assert store.countdowns() == []
        assert _kinds(store) == [EventKind.STOPPED, EventKind.WARNED]

    def test_an_end_without_a_warning_is_told_and_written(self, store):
        store.begin(a_countdown(BEN), an_event(session=BEN))
        assert not store.end(ADA, an_event(EventKind.STOPPED))
        assert store.countdowns() == [a_countdown(BEN)]
        assert _kinds(store) == [EventKind.STOPPED, EventKind.WARNED]

    def test_leases_come_back_while_they_may_matter(self, store):
        holds, ended = a_lease(), a_lease(BEN, NOW - DAY)
        store.keep(holds, an_event(EventKind.KEPT))
        store.keep(ended, an_event(EventKind.KEPT, BEN))
        store.keep(a_lease(until=NOW - LEASES_MATTER), an_event(EventKind.KEPT))
        assert store.leases(NOW) == [holds, ended]
        assert _kinds(store) == [EventKind.KEPT] * 3

    @pytest.mark.parametrize("scope", Scope)
    def test_an_exemption_stands_until_its_end(self, store, scope):
        exemption = replace(an_exemption(), scope=scope)
        number = store.exempt(exemption, an_event(EventKind.EXEMPTED))
        assert store.exemptions(NOW) == [replace(exemption, number=number)]
        assert store.exemptions(exemption.until) == []

    def test_an_exemption_is_ended_early_and_once(self, store):
        kept = store.exempt(an_exemption("astro"), an_event(EventKind.EXEMPTED))
        number = store.exempt(an_exemption(), an_event(EventKind.EXEMPTED))
        ended = an_event(EventKind.EXEMPTION_ENDED)
        store.end_exemption(number, NOW, ended)
        assert [each.number for each in store.exemptions(NOW)] == [kept]
        with pytest.raises(NoSuchExemptionError, match=str(number)):
            store.end_exemption(number, NOW, ended)
        assert _kinds(store).count(EventKind.EXEMPTION_ENDED) == 1

    def test_the_last_beat_is_remembered(self, store):
        assert store.last_beat() is None
        store.beat(NOW)
        store.beat(NOW + MINUTE)
        assert store.last_beat() == NOW + MINUTE

    def test_events_are_paged_newest_first_without_gap_and_double(self, store):
        for minute in range(7):
            store.record(an_event(at=NOW + minute * MINUTE))
        seen, before = [], None
        while page := store.events(limit=3, before=before):
            seen += [line.event.at for line in page]
            before = page[-1].number
            assert len(seen) <= 7, "a page came twice"
            store.record(an_event(at=NOW + DAY))  # what comes meanwhile moves no page
        assert seen == [NOW + minute * MINUTE for minute in reversed(range(7))]

    @pytest.mark.parametrize(
        ("which", "users"),
        [
            (EventFilter(), ["cleo", "ben", "ada"]),
            (EventFilter(user="ben"), ["ben"]),
            (EventFilter(user="be"), []),
            (EventFilter(team="astro"), ["cleo", "ben"]),
            (EventFilter(team="astro", size="cpu"), ["cleo"]),
            (EventFilter(kinds=frozenset({EventKind.WARNED})), ["ada"]),
            (EventFilter(kinds=frozenset({EventKind.WARNED, EventKind.KEPT})), ["ben", "ada"]),
            (EventFilter(since=NOW + MINUTE), ["cleo", "ben"]),
            (EventFilter(until=NOW + MINUTE), ["ada"]),
            (EventFilter(since=NOW + MINUTE, until=NOW + 2 * MINUTE), ["ben"]),
        ],
    )
    def test_events_are_filtered(self, store, which, users):
        cleo = SessionKey("cleo", "", NOW)
        store.record(an_event())
        store.record(an_event(EventKind.KEPT, BEN, team="astro", at=NOW + MINUTE))
        store.record(
            an_event(EventKind.STOPPED, cleo, team="astro", size="cpu", at=NOW + 2 * MINUTE)
        )
        assert [line.event.session.user for line in store.events(which)] == users

    def test_the_old_is_forgotten_and_warnings_are_not(self, store):
        store.begin(a_countdown(stop_at=NOW - DAY), an_event(at=NOW - 2 * DAY))
        store.keep(a_lease(until=NOW - DAY), an_event(EventKind.KEPT, at=NOW - DAY))
        store.exempt(an_exemption(), an_event(EventKind.EXEMPTED))
        assert store.forget(NOW) == 2
        assert _kinds(store) == [EventKind.EXEMPTED]
        assert store.leases(NOW) == []
        assert len(store.exemptions(NOW)) == len(store.countdowns()) == 1

    def test_the_store_outlives_its_program(self, store, store_url):
        store.begin(a_countdown(), an_event(gpus=Decimal("0.10")))
        store.close()
        again = Store(store_url)
        again.open()
        assert again.countdowns() == [a_countdown()]
        assert again.events()[0].event.gpus == Decimal("0.1")
        again.close()
