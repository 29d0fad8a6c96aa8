"""Answers are summed up so that administrators learn how it goes, and not who said so."""

import pytest
from gpucommons_accounting.reckoning.pilot.opinions import FEWEST, opinions
from gpucommons_accounting.records.feedback import LONGEST_TEXT, NOT_USED, Answer, Topic
from gpucommons_accounting.web.pilot.feedback_fields import answer
from gpucommons_web.access import RefusedError


def _answers(*ratings: int, topic: Topic = Topic.FILES) -> list[Answer]:
    return [Answer({topic: each}) for each in ratings]


def test_ratings_are_shown_by_how_many_gave_each_with_their_median():
    found = opinions(_answers(5, 2, 4, 4, 2, 5))
    assert found.people == 6
    assert found.topics[Topic.FILES].spread == {1: 0, 2: 2, 3: 0, 4: 2, 5: 2}
    assert found.topics[Topic.FILES].median == 4
    assert opinions(_answers(1, 2, 3, 4, 5, 5)).topics[Topic.FILES].median == 3.5


def test_ratings_of_few_are_counted_and_not_shown():
    few = opinions(_answers(*[5] * (FEWEST - 1))).topics[Topic.FILES]
    assert (few.rated, few.spread, few.median) == (FEWEST - 1, None, None)
    enough = opinions(_answers(*[5] * FEWEST)).topics[Topic.FILES]
    assert (enough.rated, enough.median) == (FEWEST, 5)


def test_who_has_not_used_something_or_left_it_open_has_not_rated_it():
    given = [*_answers(NOT_USED, NOT_USED, 3, 3, 3, 3), *_answers(1, topic=Topic.SIGN_IN)]
    found = opinions(given)
    files = found.topics[Topic.FILES]
    assert (found.people, files.rated, files.not_used, files.spread) == (7, 4, 2, None)
    assert found.topics[Topic.GPU_SESSIONS].rated == 0


def test_texts_are_in_an_order_that_does_not_say_who_wrote_them():
    given = [Answer(text=each) for each in ("Slow on Mondays.", "", "All is well.")]
    assert opinions(given).texts == ("All is well.", "Slow on Mondays.")


def test_a_form_is_read_with_the_questions_that_were_left_open():
    form = {"files": ["5"], "sign-in": ["0"], "gpu-sessions": [""], "text": ["One\r\ntwo "]}
    read = answer({**form, "_xsrf": ["x"]})
    assert read == Answer({Topic.FILES: 5, Topic.SIGN_IN: NOT_USED}, "One\ntwo")


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"files": ["6"]}, "Each rating must be a number from 1 to 5, or 0 where"),
        ({"files": ["good"]}, "Each rating must be a number from 1 to 5, or 0 where"),
        ({"files": ["1", "5"]}, "files was given 2 times"),
        ({"text": ["x" * (LONGEST_TEXT + 1)]}, "The text has 1001 characters; at most 1000"),
        ({"text": ["  "]}, "answer at least one question, or write something"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_with_what_is_allowed(form, why):
    with pytest.raises(RefusedError) as refused:
        answer(form)
    assert why in refused.value.message


def test_the_end_of_a_line_is_one_character_as_in_the_browser():
    lines = "\r\n".join(["x" * 99] * 10)
    assert len(answer({"text": [lines]}).text) == LONGEST_TEXT - 1
