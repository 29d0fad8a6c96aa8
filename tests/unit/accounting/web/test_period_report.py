"""The report of a period has what whoever pays asks of each team."""

import re
from decimal import Decimal

import pytest
from gpucommons_accounting.database.people.identities import SeenTeam
from gpucommons_accounting.reckoning.budgets.adjustments import Adjustment, AdjustmentKind
from gpucommons_accounting.reckoning.budgets.budget import Budget, PeriodKind, Rule, Subject
from gpucommons_accounting.reckoning.use.activity import Activity
from gpucommons_accounting.reckoning.use.prices import Price
from gpucommons_contract import GPU_HOURS, SubjectKind

from ..sessions import at, facts
from .conftest import NOW

_THIRD = "2026-Q3"


@pytest.fixture
def records(berlin_store):
    """Team vision: 2 hours in May, 4 in August, a quarter of one of which is known; and budgets."""
    store = berlin_store
    since = at("2026-01-01")
    store.people_and_teams.see_teams([SeenTeam("u1", "vision", "Computer vision", since)], NOW)
    store.set_price(Price("H100", Decimal(2), since), "root", NOW)
    of_team = {"team": "vision", "team_uid": "u1", "environment": "torch"}
    store.add(facts("2026-05-04T08:00", "2026-05-04T10:00", "a", **of_team), NOW)
    store.add(facts("2026-08-04T08:00", "2026-08-04T12:00", "b", **of_team), NOW)
    store.add(facts("2026-08-05T08:00", "2026-08-05T09:00", "c", team="bio", size="half"), NOW)
    minutes = Decimal(900)
    known = [(at("2026-08-04T08:00"), minutes), (at("2026-08-04T08:15"), Decimal(0))]
    store.activities.keep(
        Activity("b", begin, minutes, minutes - idle, idle) for begin, idle in known
    )
    for kind, amount in ((PeriodKind.QUARTER, 10), (PeriodKind.YEAR, 100)):
        unit = GPU_HOURS if kind is PeriodKind.QUARTER else "EUR"
        subject = Subject(SubjectKind.TEAM, "vision")
        made = Budget(subject, unit, Rule.LIMITED, since, Decimal(amount), kind)
        store.budgets.set_budget(made, "root", NOW)
    hour = Decimal(3_600_000_000)
    for day, kind, hours in (
        ("2026-08-10", AdjustmentKind.GRANT, 3),
        ("2026-11-10", AdjustmentKind.GRANT, 50),
        ("2026-08-11", AdjustmentKind.REFUND, 1),
    ):
        store.budgets.adjust(
            Adjustment(
                kind, "", "vision", hours * hour, Decimal(0), "EUR", at(day), NOW, "root", ""
            )
        )
    store.make_totals()


def _rows(page: str) -> dict[str, list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>\s*(.*?)\s*</t[hd]>", row, re.DOTALL) for row in rows]
    return {cell[0]: cell[1:] for cell in cells}


async def test_a_team_s_line_has_use_cost_idle_share_and_budgets_beside_the_quarter_before(
    records, root
):
    """The budget of the quarter has its grant and refund, that of the year what was before, too."""
    rows = _rows((await root.get(f"report?period={_THIRD}")).text)
    hours, before, cost, cost_before, idle, left = rows["Computer vision"]
    assert (hours, before, cost, cost_before) == ("4.00", "2.00", "€8.00", "€4.00")
    assert idle == "50% of 12% known"
    assert left == "€88.00 of €100.00 a year<br>10 of 13 GPU-hours a quarter"
    assert rows["bio"] == ["1.00", "0.00", "€2.00", "€0.00", "not known", ""]
    assert rows["All"][:4] == ["5.00", "2.00", "€10.00", "€4.00"]


async def test_what_was_granted_after_a_month_is_not_left_at_its_end(records, berlin_store, root):
    """50 hours were granted in November, in the same quarter."""
    of_team = {"team": "vision", "team_uid": "u1"}
    berlin_store.add(facts("2026-10-06T08:00", "2026-10-06T09:00", "d", **of_team), NOW)
    october = _rows((await root.get("report?period=2026-10")).text)
    assert october["Computer vision"][-1].endswith("9 of 10 GPU-hours a quarter")
    quarter = _rows((await root.get("report?period=2026-Q4")).text)
    assert quarter["Computer vision"][-1].endswith("59 of 60 GPU-hours a quarter")


async def test_sizes_and_environments_are_told_by_their_titles_the_most_used_first(records, root):
    page = (await root.get(f"report?period={_THIRD}")).text
    rows = _rows(page)
    assert rows["One GPU"] == ["4.00", "80%", "1"]
    assert rows["half"] == ["1.00", "20%", "1"]
    assert rows["PyTorch"][0] == "4.00"
    assert page.index("One GPU") < page.index("half")


async def test_a_team_that_used_nothing_any_more_is_told_too(records, root):
    rows = _rows((await root.get("report?period=2026-Q4")).text)
    assert rows["Computer vision"][:2] == ["0.00", "4.00"]


async def test_what_was_refunded_and_that_it_goes_on_is_said(records, root):
    page = " ".join((await root.get(f"report?period={_THIRD}")).text.split())
    assert "1.00 GPU-hours and €0.00 were refunded" in page
    assert "is not over" not in page
    assert "2026-Q4 is not over" in (await root.get("report?period=2026-Q4")).text


async def test_sums_can_be_asked_for_by_the_name_of_a_period(records, root):
    said = (await root.get(f"api/usage?period={_THIRD}&by=team")).json()
    assert said["total"]["charged_gpu_hours"] == "5.000000"
    answer = await root.get(f"api/usage?period={_THIRD}&month=2026-11")
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "Give period, and neither month, since nor until.",
    )
