"""What people answer is kept once a quarter, and outlives their account without them."""

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.records.feedback import Answer, Kept, Topic
from gpucommons_accounting.records.identity import PersonId
from sqlalchemy import create_engine, text

from .identity_behaviour import FIRST, SECOND, used
from .sessions import at, facts

_ADA, _LATER_ADA = PersonId("ada", FIRST), PersonId("ada", SECOND)
_Q4, _Q3 = "2026-Q4", "2026-Q3"
_AT = at("2026-11-30T12:00")
_GOOD = Answer({Topic.FILES: 5, Topic.SIGN_IN: 0}, "Fine.\nThank you.")
_POOR = Answer({Topic.FILES: 1})


class FeedbackBehaviour:
    def test_a_later_answer_of_the_quarter_takes_the_place_of_the_first(self, store: Store):
        for answer in (_GOOD, _POOR):
            store.feedback.give(_ADA, _Q4, answer, _AT)
        store.feedback.give(_ADA, _Q3, _GOOD, at("2026-09-30T12:00"))
        assert store.feedback.answers(_Q4) == [_POOR]
        assert store.feedback.of(_ADA) == [
            Kept(_Q4, _AT, _POOR),
            Kept(_Q3, at("2026-09-30T12:00"), _GOOD),
        ]

    def test_not_now_is_no_answer_and_takes_the_place_of_none(self, store: Store):
        store.feedback.dismiss(_ADA, _Q4, _AT)
        assert store.feedback.of(_ADA) == [Kept(_Q4, _AT, None)]
        assert store.feedback.answers(_Q4) == []
        store.feedback.give(_ADA, _Q4, _GOOD, _AT)
        store.feedback.dismiss(_ADA, _Q4, _AT)
        assert store.feedback.answers(_Q4) == [_GOOD]

    def test_who_gets_the_name_later_neither_sees_nor_changes_the_answer(self, store: Store):
        store.feedback.give(_ADA, _Q4, _GOOD, _AT)
        assert store.feedback.of(_LATER_ADA) == []
        store.feedback.give(_LATER_ADA, _Q4, _POOR, _AT)
        assert store.feedback.of(_ADA) == [Kept(_Q4, _AT, _GOOD)]

    def test_the_answers_of_who_has_left_stay_without_who_it_was_and_when(
        self, store: Store, store_url: str
    ):
        ben = PersonId("ben", FIRST)
        for person in (_ADA, ben):
            store.feedback.give(person, _Q4, _GOOD, _AT)
            store.feedback.give(person, _Q3, _GOOD, _AT)
            store.people_and_teams.meet([person])
            store.people_and_teams.left(person, _AT)
        store.feedback.give(_LATER_ADA, _Q4, _POOR, _AT)
        assert sorted(len(each.ratings) for each in store.feedback.answers(_Q4)) == [1, 2, 2]
        assert store.feedback.of(_ADA) == []
        engine = create_engine(store_url)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT * FROM feedback")).mappings().all()
        engine.dispose()
        left = [row for row in rows if row["person_since"] != SECOND]
        assert len(left) == 4
        assert {(row["person"], row["person_since"], row["at"]) for row in left} == {
            (None, None, None)
        }

    def test_sessions_count_that_one_could_use_and_that_are_over(self, store: Store):
        for number in range(2):
            used(store, f"s{number}", f"2026-11-2{number + 1}T08:00", 1, person_since=SECOND)
        used(store, "before", "2026-11-02T08:00", 1, person_since=FIRST)
        used(store, "ben", "2026-11-21T08:00", 1, person="ben", person_since=SECOND)
        runs = facts("2026-11-25T08:00", None, "runs", person_since=SECOND)
        failed = facts("2026-11-26T08:00", "2026-11-26T09:00", "failed", person_since=SECOND)
        store.add([*runs, *(each for each in failed if each.kind != "ready")], _AT)
        assert store.feedback.has_had(_LATER_ADA, 2)
        assert not store.feedback.has_had(_LATER_ADA, 3)
        used(store, "third", "2026-11-27T08:00", 1, person_since=SECOND)
        assert store.feedback.has_had(_LATER_ADA, 3)
