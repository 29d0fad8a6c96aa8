"""When people may wish for a snapshot, and what is read of wishes and answers."""

import pytest
from gpucommons_backup.service.refusals import RefusedError
from gpucommons_backup.service.wishes import Wishes
from gpucommons_backup.wish import WishAnswer, WishError, answer_from, read_answer, wish_from

ADA, BOB = ("vision", "ada"), ("vision", "bob")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wishes(clock: Clock) -> Wishes:
    """Those of a service whose controller has just asked."""
    wishes = Wishes(clock)
    wishes.asked_for()
    return wishes


def _refused(wishes: Wishes, owner: tuple[str, str] = ADA) -> int:
    with pytest.raises(RefusedError) as error:
        wishes.make(owner)
    return error.value.status_code


def test_one_wish_is_open_for_a_workspace_and_one_is_made_in_a_minute(wishes, clock):
    first = wishes.make(ADA).wish
    assert _refused(wishes) == 409
    wishes.make(BOB)
    clock.now += 59
    wishes.answer(WishAnswer(first.id, "done", "ab" * 32))
    wishes.asked_for()
    assert _refused(wishes) == 429
    clock.now += 1
    second = wishes.make(ADA).wish
    assert second.id != first.id
    assert {each.id for each in wishes.asked_for()} == {second.id, wishes.of(BOB).wish.id}


def test_nobody_can_wish_where_no_controller_has_asked_for_a_minute(wishes, clock):
    clock.now += 60
    assert not wishes.are_heard
    assert _refused(wishes) == 503
    wishes.asked_for()
    wishes.make(ADA)


def test_a_wish_that_is_never_answered_keeps_nobody_from_another(wishes, clock):
    wishes.make(ADA)
    clock.now += 3 * 3600
    assert wishes.asked_for() == []
    wishes.make(ADA)


@pytest.mark.parametrize(
    "said", [None, [], "x", {}, {"id": ""}, {"id": "1"}, {"id": "1", "team": 2, "owner": "x"}]
)
def test_what_is_no_wish_and_no_answer_is_refused(said):
    for read in (wish_from, answer_from):
        with pytest.raises(WishError):
            read(said)


@pytest.mark.parametrize("text", ["", "?", "[" * 100_000, '{"id": "1", "state": "soon"}'])
def test_what_somebody_made_of_an_answer_on_a_claim_is_none(text):
    with pytest.raises(WishError):
        read_answer(text)


def test_an_answer_is_read_as_it_was_written():
    answer = WishAnswer("1", "failed", reason="no-snapshot")
    assert read_answer(answer.to_json()) == answer
