"""Administrators see when GPUs are free; what is not known is said."""

from decimal import Decimal

import pytest
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState

from ..sessions import at, facts

_PATH = "free-hours?month=2026-11"


@pytest.fixture
def records(berlin_store):
    """Four GPUs since the middle of November, one of which is held each Monday from 9 to 11."""
    for product, node in (("H100", "n1"), ("A100", "n2")):
        since = at("2026-11-15T23:00")
        berlin_store.note_node(NodeFact(node, since, NodeState.UP, product, Decimal(4)))
    for day in ("16", "23", "30"):
        found = facts(f"2026-11-{day}T08:00", f"2026-11-{day}T10:00", day)
        berlin_store.add(found, at("2026-11-30T11:00"))


async def test_the_page_has_each_hour_of_the_week_and_says_how_much_is_known(records, root):
    page = (await root.get(f"{_PATH}&product=H100")).text
    assert "fewest at Mon 09:00 (3.0 of 4.0)" in " ".join(page.split())
    assert "by the clock of Europe/Berlin" in page
    assert page.count('class="usage-hour"') == 7 * 24 + 3  # with the legend's
    assert "3.0 (60% known)" in page
    assert "is known of 49% of the time" in page


async def test_without_a_month_the_last_four_weeks_are_shown_until_yesterday(records, root):
    """It is Monday, 30 November: what is held that day is not in it."""
    page = " ".join((await root.get("free-hours?product=H100")).text.split())
    assert '2026-11-02</time> to <time datetime="2026-11-29">' in page
    assert "fewest at Mon 09:00 (3.0 of 4.0)" in page
    assert 'href="?product=H100&amp;month=2026-11">By month' in page
    assert "api/free-hours?since=2026-11-02&amp;until=2026-11-29&amp;product=H100" in page
    assert 'name="month"' not in page


async def test_a_month_that_is_chosen_stays_chosen_with_another_model(records, root):
    page = (await root.get(f"{_PATH}&product=H100")).text
    assert 'name="month" value="2026-11"' in page
    assert 'href="?product=H100">The last 4 weeks' in page
    assert 'href="?month=2026-10&amp;product=H100" rel="prev"' in page


async def test_programs_get_the_same(records, root):
    hours = (await root.get(f"api/{_PATH}&product=H100")).json()["hours"]
    assert len(hours) == 7 * 24
    (found,) = (each for each in hours if (each["weekday"], each["hour"]) == (1, 9))
    assert (found["free_gpus"], found["gpus"]) == ("3.0000", "4.0000")
    assert found["coverage"] == "0.6000"


async def test_a_product_that_nobody_knows_is_answered_with_those_that_there_are(records, root):
    answer = await root.get(f"api/{_PATH}&product=T4")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "product 'T4' is unknown. Known are: A100, H100.",
    )


async def test_a_model_that_came_later_stays_chosen_in_the_months_before(records, root):
    answer = await root.get("free-hours?month=2026-10&product=H100")
    assert answer.status_code == 200
    assert "It is not known which GPUs there were" in answer.text
    assert '<option value="H100" selected>' in answer.text


async def test_a_month_of_which_nothing_is_known_says_so(root):
    assert "It is not known which GPUs there were" in (await root.get(_PATH)).text


@pytest.mark.parametrize("path", [_PATH, f"api/{_PATH}"])
async def test_when_gpus_are_free_is_the_administrators_to_see(records, ada, path):
    assert (await ada.get(path)).status_code == 403
