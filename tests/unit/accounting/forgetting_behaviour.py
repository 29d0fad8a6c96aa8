"""Names of people who left give way to pseudonyms wherever they stand, and no sum changes."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from gpucommons_accounting.database.budget_mails import Told
from gpucommons_accounting.database.people.looks import Look
from gpucommons_accounting.database.people.named_facts import NamedFacts
from gpucommons_accounting.database.people.pseudonyms import Erasure
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind
from gpucommons_accounting.reckoning.budgets.budget import Budget, PeriodKind, Rule, Subject
from gpucommons_accounting.reckoning.use.prices import Price
from gpucommons_accounting.reckoning.use.report import By, Report
from gpucommons_accounting.records.event import Event, Source
from gpucommons_accounting.records.feedback import Answer, Topic
from gpucommons_accounting.records.identity import PersonId
from gpucommons_accounting.records.pseudonym import Hidden, is_pseudonym
from gpucommons_accounting.records.start import Start
from gpucommons_contract import GPU_HOURS, AtLimit, SubjectKind
from gpucommons_contract.told import StartFault, StartOutcome
from sqlalchemy import create_engine, text

from .identity_behaviour import FIRST, NOVEMBER, SECOND
from .sessions import at, fact, facts

NAME = "ada@example.org"
ADA, NEW_ADA = PersonId(NAME, FIRST), PersonId(NAME, SECOND)
BENS = "2026-01-08T08:00:00.000001Z"
LEFT = at("2026-11-15T00:00")
LEARNT = at("2026-12-03T08:00")
_TABLES = ("events", "sessions", "totals", "starts", "looks", "adjustments", "budgets", "prices")
_ALL = (*_TABLES, "people", "budget_mails", "session_pods", "erasures", "feedback")


def rows(url: str, tables: tuple[str, ...] = _ALL) -> dict[str, list]:
    """All that a database has."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table: sorted(map(str, connection.execute(text(f"SELECT * FROM {table}")).all()))
            for table in tables
        }
    engine.dispose()
    return found


def naming(url: str, name: str = NAME) -> set[str]:
    """The tables that have a name in any column."""
    return {table for table, found in rows(url).items() if any(name in row for row in found)}


def _said(report: Report) -> Iterator[tuple]:
    for line in [*report.lines, report.total]:
        usage = (tuple(line.usage.by_state.values()), line.usage.started, line.usage.active)
        yield line.about.name, usage, line.cost, line.priced, line.not_priced


def reports(store: Store) -> dict[By, list[tuple]]:
    return {
        by: sorted(_said(store.report(NOVEMBER, LEARNT, by)), key=str)
        for by in By
        if by is not By.PERSON
    }


def by_person(store: Store) -> dict[str, tuple]:
    found = store.report(NOVEMBER, LEARNT, By.PERSON)
    return {line.about.title: tuple(line.usage.by_state.values()) for line in found.lines}


def of_ada(uid: str, begin: str, hours: float = 2, since: str = FIRST) -> list[Event]:
    """A session of hers that was shared with the hub, and that she ended herself."""
    first = at(begin)
    end = first + timedelta(hours=hours)
    own = {"person": NAME, "person_since": since, "server": "thesis", "units": "0.142857"}
    told = {"person": NAME, "server": "thesis", "team": "vision", "size": "gpu", "units": "1"}
    stopped = {"code": "person", "sentence": f"Stopped by {NAME}.", "by": NAME}
    return [
        *facts(first, end, uid, **own),
        fact("created", first - timedelta(seconds=5), Source.HUB, **told)(uid),
        fact("reason", end, Source.HUB, **stopped)(uid),
    ]


def ended_by_ada(uid: str) -> Event:
    """Why somebody else's session ended."""
    said = {"code": "administrator", "sentence": f"{NAME} stopped it.", "by": NAME}
    return fact("reason", "2026-11-03T11:00", Source.HUB, **said)(uid)


def start(name: str, asked: str, uid: str = "", person: str = NAME) -> Start:
    return Start(
        start=name,
        person=person,
        server="thesis" if person == NAME else "",
        team="vision",
        environment="torch",
        size="gpu",
        units=Decimal(1),
        asked=at(asked),
        at=at(asked) + timedelta(seconds=9),
        outcome=StartOutcome.READY if uid else StartOutcome.REFUSED,
        why="" if uid else "quota",
        fault=StartFault.NOBODY,
        sentence=f"{person} holds all that the team may hold.",
        uid=uid,
    )


def fill(store: Store) -> None:
    """Let ada leave traces everywhere, and leave; another ada comes, and ben was there always."""
    store.make_totals()
    store.set_price(Price("", Decimal("1.234567"), at("2026-11-01T00:00")), NAME, at("2026-11-02"))
    store.add([*of_ada("a1", "2026-11-02T08:00"), *of_ada("a2", "2026-11-14T23:30")], LEARNT)
    bens = facts("2026-11-03T08:00", "2026-11-03T11:00", "b1", person="ben", person_since=BENS)
    store.add([*bens, ended_by_ada("b1")], LEARNT)
    store.add(of_ada("n1", "2026-11-22T08:00", 1, since=SECOND), LEARNT)
    store.starts.add(
        [
            start("s1", "2026-11-02T07:59", "a1"),
            start("s2", "2026-11-04T08:00"),
            start("s3", "2026-11-21T08:00"),
            start("s4", "2026-11-04T08:00", person="ben"),
        ]
    )
    known = store.people_and_teams
    known.meet_people_of_sessions(None)
    known.left(ADA, LEFT)
    for look in (
        Look(at("2026-11-05"), "root", ADA, "sessions"),
        Look(at("2026-11-06"), NAME, PersonId("ben", BENS), "sums"),
        Look(at("2026-11-23"), "root", NEW_ADA, "sessions"),
    ):
        store.looks.add(look)
    for session, made in (("a1", "2026-11-04"), ("", "2026-11-05"), ("", "2026-11-25")):
        store.budgets.adjust(_refund(session, at(made)))
    store.budgets.set_budget(_budget("2026-11-02"), NAME, at("2026-11-02"))
    until = at("2026-12-01")
    for person in (ADA, NEW_ADA):
        told = Told(SubjectKind.PERSON, NAME, person.since, GPU_HOURS, until, person)
        store.budget_mails.note(told, 80, at("2026-11-10"))
        store.feedback.give(person, "2026-Q4", Answer({Topic.FILES: 4}, "Good."), LEARNT)


def _refund(session: str, made: object) -> Adjustment:
    return Adjustment(
        AdjustmentKind.REFUND,
        NAME,
        "vision" if session else "",
        Decimal(36_000_000),
        Decimal(0),
        "EUR",
        made,
        made,
        NAME,
        f"Asked for by {NAME}.",
        session,
    )


def _budget(day: str) -> Budget:
    subject = Subject(SubjectKind.PERSON, NAME)
    more = (PeriodKind.MONTH, None, None, (80,), AtLimit.WARN)
    return Budget(subject, GPU_HOURS, Rule.LIMITED, at(day), Decimal(40), *more)


def forget(store: Store, person: PersonId = ADA) -> None:
    store.pseudonyms.begin([person], LEFT)
    assert store.pseudonyms.replace(person)


class ForgettingBehaviour:
    def test_case_27_after_retention_a_pseudonym_has_what_they_used_and_totals_stay(self, store):
        fill(store)
        before, people = reports(store), by_person(store)
        late = store.late_finds.last(NOVEMBER)
        forget(store)
        assert reports(store) == before
        assert store.late_finds.last(NOVEMBER) == late
        now = by_person(store)
        (pseudonym,) = now.keys() - people.keys()
        assert is_pseudonym(pseudonym)
        assert now.pop(pseudonym) == people.pop(f"{NAME} (left)")
        assert now == people

    def test_rebuilding_afterwards_gives_the_same_bytes(self, store, store_url):
        fill(store)
        forget(store)
        before = rows(store_url, _TABLES)
        store.rebuild()
        assert rows(store_url, _TABLES) == before

    def test_no_table_names_who_is_forgotten(self, store, store_url):
        fill(store)
        with store.database.transaction() as connection:
            connection.execute(text("DELETE FROM session_pods"))
            for uid in ("a1", "b1"):
                pod = f"team-vision/jupyter-{NAME}" if uid == "a1" else "team-vision/jupyter-ben"
                insert = text("INSERT INTO session_pods (uid, pod) VALUES (:uid, :pod)")
                connection.execute(insert, {"uid": uid, "pod": pod})
        assert naming(store_url) == {*_ALL} - {"erasures"}
        _without_the_other(store)
        forget(store)
        assert naming(store_url) == set()
        for theirs in (FIRST, "thesis"):
            assert naming(store_url, theirs) == set()
        assert len(store.feedback.answers("2026-Q4")) == 2
        (pods,) = rows(store_url, ("session_pods",)).values()
        assert len(pods) == 1

    def test_all_lines_of_one_person_have_one_pseudonym_and_none_tells_another(self, store):
        fill(store)
        forget(store)
        found = store.sessions(NOVEMBER)
        named = {each.uid: each.choice.person for each in found}
        assert named["a1"] == named["a2"]
        assert named["n1"] == NAME
        ended = next(each for each in found if each.uid == "b1").reason
        assert (ended.by, ended.sentence) == (named["a1"], f"{named['a1']} stopped it.")
        assert {each.by for each in store.budgets.adjustments()} == {named["a1"], NAME}
        assert {each.person for each in store.starts.of(NOVEMBER)} == {named["a1"], NAME, "ben"}

    def test_who_has_the_name_now_keeps_all_of_theirs(self, store):
        fill(store)
        forget(store)
        assert [each.by for each in store.looks.at(NEW_ADA, 9)] == ["root"]
        assert {each.receiver for each in store.budget_mails.told()} == {NEW_ADA}
        (budget,) = store.budgets.budgets()
        assert budget.subject.name == NAME  # it is the newer one's, too
        assert store.people_and_teams.identities(NAME).people_called(NAME) == [NEW_ADA]

    def test_what_was_stopped_in_the_middle_goes_on_with_the_same_pseudonym(self, store):
        fill(store)
        people = by_person(store)
        pseudonyms = store.pseudonyms
        pseudonyms.begin([ADA], LEFT)
        known = store.people_and_teams.identities()
        (hidden,) = (each.name for each in known.newest_people() if is_pseudonym(each.name))
        half = NamedFacts(ADA, known, Hidden(NAME, hidden))
        with store.database.transaction() as connection:  # one of its two sessions is done
            half.hide(connection, store.calendar, ["a1"])
        pseudonyms.begin([ADA], LEFT)
        assert pseudonyms.pending() == [ADA]
        assert pseudonyms.replace(ADA)
        assert pseudonyms.pending() == []
        assert pseudonyms.replace(ADA)
        assert by_person(store).keys() - people.keys() == {hidden}

    def test_it_is_not_done_while_a_session_of_theirs_runs(self, store):
        fill(store)
        running = facts("2026-11-14T08:00", None, "r1", person=NAME, person_since=FIRST)
        store.add(running, LEARNT)
        store.pseudonyms.begin([ADA], LEFT)
        assert not store.pseudonyms.replace(ADA)
        assert store.pseudonyms.pending() == [ADA]
        store.add([fact("ended", "2026-11-15T00:00", Source.KUBELET)("r1")], LEARNT)
        assert store.pseudonyms.replace(ADA)

    def test_what_is_told_again_of_a_session_brings_no_name_back(self, store, store_url):
        fill(store)
        _without_the_other(store)
        forget(store)
        before = rows(store_url)
        again = [*of_ada("a1", "2026-11-02T08:00"), ended_by_ada("b1")]
        store.add(again, LEARNT + timedelta(days=1))
        assert rows(store_url) == before

    def test_of_several_facts_of_one_moment_the_same_ones_count(self, store):
        """Which one that is follows from their keys, which say names."""
        for number in range(6):
            end, uid = at("2026-11-02T10:00"), f"t{number}"
            said = [
                fact("reason", end, Source.HUB, code=code, sentence=uid, by=NAME)(uid)
                for code in ("person", "administrator", "idle", "removed")
            ]
            store.add([*of_ada(uid, "2026-11-02T08:00")[:-1], *said], LEARNT)
        store.people_and_teams.meet([ADA])
        before = {each.uid: each.reason.code for each in store.sessions(NOVEMBER)}
        assert len(set(before.values())) > 1
        forget(store)
        assert {each.uid: each.reason.code for each in store.sessions(NOVEMBER)} == before

    def test_who_left_is_found_once_the_limit_is_over(self, store):
        fill(store)
        nobody_knows = facts("2026-11-01T08:00", "2026-11-01T09:00", "u1", person="eve")
        store.add(nobody_knows, LEARNT)
        assert [each.person for each in store.pseudonyms.gone(LEFT)] == [PersonId("eve", "")]
        later = store.pseudonyms.gone(LEFT + timedelta(seconds=1))
        assert [each.person for each in later] == [ADA, PersonId("eve", "")]
        for each in later:
            forget(store, each.person)
        assert store.pseudonyms.gone(LEARNT) == []

    def test_a_name_that_came_without_an_identity_is_that_of_who_had_it_then(self, store):
        store.add(of_ada("a1", "2026-11-02T08:00", since=""), LEARNT)
        store.add(of_ada("n1", "2026-11-22T08:00", since=""), LEARNT)
        store.people_and_teams.meet([ADA, NEW_ADA])
        forget(store)
        named = {each.uid: each.choice.person for each in store.sessions(NOVEMBER)}
        assert (is_pseudonym(named["a1"]), named["n1"]) == (True, NAME)

    def test_an_erasure_is_on_record_without_whom_it_was_about(self, store):
        fill(store)
        wanted = Erasure(LEARNT, "root", "Asked for on 1 December.")
        store.pseudonyms.begin([ADA], LEFT, wanted)
        assert store.pseudonyms.replace(ADA)
        assert store.pseudonyms.erasures() == [wanted]

    def test_a_pseudonym_tells_neither_when_they_left_nor_when_they_were_forgotten(self, store):
        store.people_and_teams.meet([ADA])
        store.people_and_teams.left(ADA, LEFT)
        nobody_knows_when = PersonId("eve", "")
        wanted = Erasure(LEARNT, "root", "Asked for on 1 December.")
        store.pseudonyms.begin([ADA, nobody_knows_when], LEARNT, wanted)
        assert all(map(store.pseudonyms.replace, (ADA, nobody_knows_when)))
        kept = store.people_and_teams.identities().newest_people()
        assert len(kept) == 2
        assert not {LEFT, LEARNT} & {each.left_at for each in kept}

    def test_what_names_somebody_is_counted(self, store):
        fill(store)
        assert store.pseudonyms.count(ADA) == {
            "sessions": 3,
            "starts": 2,
            "looks": 2,
            "adjustments": 4,
            "budgets": 1,
            "prices": 1,
        }
        assert store.pseudonyms.count(PersonId("dan", FIRST)) == {}


def _without_the_other(store: Store) -> None:
    """Let the newer ada have left no trace."""
    store.pseudonyms.begin([NEW_ADA], LEARNT)
    assert store.pseudonyms.replace(NEW_ADA)
