"""The report of a month, quarter or year shows administrators what teams used over time."""

import re
from decimal import Decimal

import pytest
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState

from ..sessions import at, fact, facts
from .conftest import NOW


@pytest.fixture
def records(berlin_store):
    """Five teams in October, each with an hour more than the one before."""
    berlin_store.note_node(NodeFact("n1", at("2026-09-01"), NodeState.UP, "H100", Decimal(4)))
    for number, team in enumerate(("audio", "bio", "chem", "vision", "geo"), 1):
        begin = f"2026-10-{number + 5:02}T08:00"
        end = f"2026-10-{number + 5:02}T{8 + number:02}:00"
        berlin_store.add(facts(begin, end, team, team=team), NOW)
    berlin_store.make_totals()


def _rows(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>\s*(.*?)\s*</t[hd]>", row, re.DOTALL) for row in rows]


@pytest.mark.parametrize(
    ("period", "cells"),
    [
        ("2026-10", ["2026-10-06", "0.00", "0.00", "0.00", "1.00", "1.00", "1.00", "95.00"]),
        ("2026-Q4", ["2026-10-05", "5.00", "4.00", "3.00", "3.00", "15.00", "15.00", "657.00"]),
        ("2026", ["2026-10", "5.00", "4.00", "3.00", "3.00", "15.00", "15.00", "2,965.00"]),
    ],
)
async def test_three_teams_have_a_part_of_their_own_and_the_table_has_the_same(
    records, root, period, cells
):
    page = (await root.get(f"report?period={period}")).text
    assert re.search(r"</svg>\s+geo\s+</li>", page)
    assert [*cells, "0.00"] in _rows(page)
    assert page.count('<svg class="busy-chart"') == 2


async def test_what_is_held_on_a_cordoned_node_takes_nothing_from_what_is_free(
    records, berlin_store, root
):
    """Node n2 is cordoned on 20 October; one of its two GPUs is held for ten hours of that day."""
    for moment, state in (("19T22:00", NodeState.CORDONED), ("20T22:00", NodeState.UP)):
        berlin_store.note_node(NodeFact("n2", at(f"2026-10-{moment}"), state, "H100", Decimal(2)))
    on_node = fact("bound", "2026-10-20T08:00", node="n2", product="H100")("d")
    there = facts("2026-10-20T08:00", "2026-10-20T18:00", "d", team="geo")
    berlin_store.add([on_node, *(each for each in there if each.kind != on_node.kind)], NOW)
    rows = _rows((await root.get("report?period=2026-10")).text)
    (day,) = (row for row in rows if row[0] == "2026-10-20")
    assert day[-3:] == ["10.00", "96.00", "38.00"]


async def test_programs_get_all_teams(records, root):
    said = (await root.get("api/over-time?period=2026")).json()
    (october,) = (each for each in said["steps"] if each["first_day"] == "2026-10-01")
    charged = {each["name"]: each["charged_gpu_hours"] for each in october["teams"]}
    assert charged["geo"] == "5.000000"
    assert len(charged) == 5
    assert october["usable_gpu_hours"] == f"{745 * 4}.000000"


async def test_a_period_that_is_none_is_answered_with_what_is_one(root):
    answer = await root.get("api/over-time?period=2026-Q5")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("period must be a month such as 2026-11, a quarter")


@pytest.mark.parametrize("path", ["report", "api/over-time"])
async def test_the_report_is_the_administrators_to_see(records, ada, path):
    assert (await ada.get(path)).status_code == 403


async def test_weeks_to_come_are_no_lines_of_the_table(records, root):
    rows = _rows((await root.get("report?period=2026-Q4")).text)
    assert rows[-1][0] == "2026-11-30"
