"""People are asked after their third session, once a quarter; administrators see no names."""

import re

import pytest
from gpucommons_accounting.records.feedback import Answer, Topic
from gpucommons_accounting.records.identity import PersonId

from ..sessions import at, facts
from .conftest import NOW, SINCE

_ASKED = "Say how it goes: four short questions"
_Q4 = "2026-Q4"


def _had(store, sessions: int) -> None:
    for number in range(sessions):
        begin, end = f"2026-11-{number + 1:02}T08:00", f"2026-11-{number + 1:02}T09:00"
        store.add(facts(begin, end, f"s{number}", environment="torch"), NOW)


def _answered(store, ratings: list[int], quarter: str = _Q4) -> None:
    for number, rating in enumerate(ratings):
        answer = Answer({Topic.FILES: rating}, f"Words {number}.")
        store.feedback.give(PersonId(f"p{number}", SINCE), quarter, answer, NOW)


@pytest.mark.parametrize(("sessions", "asked"), [(2, False), (3, True)])
async def test_one_is_asked_after_the_third_session(berlin_store, ada, sessions, asked):
    _had(berlin_store, sessions)
    assert (_ASKED in (await ada.get("")).text) is asked


async def test_one_is_not_asked_again_in_the_quarter_and_once_more_in_the_next(berlin_store, ada):
    _had(berlin_store, 3)
    person = PersonId("ada", SINCE)
    berlin_store.feedback.dismiss(person, "2026-Q3", at("2026-09-30T12:00"))
    assert _ASKED in (await ada.get("")).text
    berlin_store.feedback.dismiss(person, _Q4, NOW)
    page = (await ada.get("")).text
    assert _ASKED not in page
    assert "How it goes: what I answered" in page


async def test_one_sees_all_that_is_kept_and_nobody_else_s(berlin_store, ada):
    _answered(berlin_store, [1])
    person = PersonId("ada", SINCE)
    answer = Answer({Topic.FILES: 4, Topic.SIGN_IN: 0}, "Not <b>bad</b>.")
    berlin_store.feedback.give(person, _Q4, answer, NOW)
    berlin_store.feedback.give(person, "2026-Q3", Answer({Topic.FILES: 2}, "So so."), NOW)
    page = " ".join((await ada.get("feedback")).text.split())
    assert re.findall(r'name="([\w-]+)" value="(\d)" checked', page) == [
        ("sign-in", "0"),
        ("files", "4"),
    ]
    assert "Not &lt;b&gt;bad&lt;/b&gt;." in page
    assert "<dd>2 of 5</dd>" in page
    assert "So so." in page
    assert "Words 0." not in page


async def test_administrators_see_numbers_and_texts_without_names(berlin_store, root):
    _answered(berlin_store, [5, 4, 4, 2, 1, 1])
    _answered(berlin_store, [3], "2026-Q3")
    page = " ".join((await root.get("pilot")).text.split())
    assert "6 people</strong> answered in 2026-Q4, which is not over" in page
    assert "1: 2, 2: 1, 3: 0, 4: 2, 5: 1" in page
    assert "Median 3" in page
    assert all(f"Words {number}." in page for number in range(6))
    assert not re.search(r"\bp\d\b", page.partition("<main")[2])
    before = " ".join((await root.get("pilot?quarter=2026-Q3")).text.split())
    assert "1 person</strong> answered in 2026-Q3." in before
    assert "Ratings are shown from 5 people on" in before
    assert "Median" not in before


async def test_programs_get_the_same_and_no_figure_for_what_is_not_measured(berlin_store, root):
    _had(berlin_store, 3)
    _answered(berlin_store, [5, 4, 4, 2])
    said = (await root.get(f"api/pilot?quarter={_Q4}")).json()
    topics = {each["topic"]: each for each in said["topics"]}
    assert list(topics) == [str(each) for each in Topic]
    assert topics["files"]["measured"] is None
    assert topics["files"]["not_measured"] == "restores, and how long they take"
    assert topics["files"]["answers"] == {
        "rated": 4,
        "not_used": 0,
        "median": None,
        "distribution": None,
    }
    assert topics["environments"]["measured"] == {
        "people": 1,
        "changed_environment": 0,
        "changed_size": 0,
    }
    assert topics["gpu-sessions"]["measured"]["asked"] == 0
    assert topics["gpu-sessions"]["measured"]["p50"] is None
    assert (said["people"], len(said["texts"])) == (4, 4)


@pytest.mark.parametrize("quarter", ["2026", "2026-11", "2026-Q5", "soon"])
async def test_what_is_no_quarter_is_answered_with_what_is_one(root, quarter):
    answer = await root.get(f"api/pilot?quarter={quarter}")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "quarter must be a quarter such as 2026-Q4.",
    )


@pytest.mark.parametrize("path", ["pilot", "api/pilot"])
async def test_what_people_answered_is_the_administrators_to_see(ada, path):
    assert (await ada.get(path)).status_code == 403
