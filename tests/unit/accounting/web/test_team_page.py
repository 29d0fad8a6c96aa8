"""What a team's page has of its months, its budgets and its waits."""

import re
from decimal import Decimal

import pytest
from gpucommons_accounting.database.people.identities import SeenTeam
from gpucommons_accounting.reckoning.budgets.budget import Budget, Rule, Subject
from gpucommons_accounting.records.identity import PersonId
from gpucommons_contract import GPU_HOURS, SubjectKind

from ..sessions import at, fact, facts
from .conftest import NOW, SINCE


@pytest.fixture
def records(berlin_store):
    """Team vision, led by Ada, with two hours of Ben's in October and one in November."""
    leads = {"vision": {"ada": SINCE}, "audio": {"cleo": SINCE}}
    seen = [
        SeenTeam(f"uid-{name}", name, name.title(), at("2026-01-01"), its)
        for name, its in leads.items()
    ]
    berlin_store.people_and_teams.see_teams(seen, NOW)
    ben = {"person": "ben", "team": "vision", "team_uid": "uid-vision"}
    for uid, begin, end in (
        ("a", "2026-10-10T08:00", "2026-10-10T10:00"),
        ("b", "2026-11-10T08:00", "2026-11-10T09:00"),
    ):
        berlin_store.add(facts(begin, end, uid, **ben), NOW)
    other = {"person": "cleo", "team": "audio", "team_uid": "uid-audio"}
    berlin_store.add(facts("2026-11-10T08:00", "2026-11-10T18:00", "c", **other), NOW)


async def test_the_page_has_each_month_of_the_year_without_other_teams(records, ada):
    page = (await ada.get("team/vision?month=2026-11")).text
    months = re.findall(r'fw-normal">(2026-\d\d)</th>\s*<td class="text-end">([\d.]+)<', page)
    assert len(months) == 12
    assert dict(months)["2026-10"] == "2.00"
    assert dict(months)["2026-11"] == "1.00"
    said = (await ada.get("api/team/vision?month=2026-11")).json()
    assert said["months"][9] == {"month": "2026-10", "charged_gpu_hours": "2.000000"}


def _budget(store, kind: SubjectKind, name: str, amount: int) -> None:
    subject = Subject(kind, name)
    made = Budget(subject, GPU_HOURS, Rule.LIMITED, at("2026-01-01"), Decimal(amount))
    store.budgets.set_budget(made, "root", NOW)


async def test_a_lead_reads_what_is_left_to_the_team_and_to_each_member(records, berlin_store, ada):
    """Ben's own budget counts what he used in team audio, too."""
    people = [PersonId("ben", SINCE), PersonId("cleo", SINCE)]
    berlin_store.people_and_teams.meet(people)
    there = {"person": "ben", "person_since": SINCE, "team": "audio", "team_uid": "uid-audio"}
    berlin_store.add(facts("2026-11-12T08:00", "2026-11-12T12:00", "d", **there), NOW)
    _budget(berlin_store, SubjectKind.TEAM, "vision", 40)
    _budget(berlin_store, SubjectKind.PERSON, "", 20)
    page = " ".join((await ada.get("team/vision?month=2026-11")).text.split())
    assert "Team Vision: <strong>1 of 40 GPU-hours</strong> used" in page
    assert "15 of 20 GPU-hours" in page
    assert "cleo" not in page
    earlier = (await ada.get("team/vision?month=2026-10")).text
    assert "of 40 GPU-hours" not in earlier
    assert "Left of their own budget" not in earlier


async def test_who_left_has_no_budget_of_who_got_the_name(records, berlin_store, ada):
    """What was used in November is of the ben who left."""
    since = "2026-11-20T08:00:00Z"
    berlin_store.people_and_teams.meet([PersonId("ben", SINCE), PersonId("ben", since)])
    _budget(berlin_store, SubjectKind.PERSON, "", 20)
    page = (await ada.get("team/vision?month=2026-11")).text
    assert "ben (left)" in page
    assert "Left of their own budget" not in page


async def test_a_lead_reads_how_long_the_team_s_starts_waited(records, berlin_store, ada):
    """Nine minutes, of a start that got its node only then; other teams' are not among them."""
    said = {"person": "ben", "team": "vision", "team_uid": "uid-vision", "size": "half"}
    waited = [
        fact("created", "2026-11-12T08:00", **said, units="1")("w"),
        fact("bound", "2026-11-12T08:09", node="n1", product="H100")("w"),
        fact("ended", "2026-11-12T09:00")("w"),
    ]
    berlin_store.add(waited, NOW)
    said = (await ada.get("api/team/vision?month=2026-11")).json()
    waits = {each["size"]: (each["starts"], each["p50"]["seconds"]) for each in said["waits"]}
    assert waits == {"gpu": (1, 0.0), "half": (1, 540.0)}
    page = (await ada.get("team/vision?month=2026-11")).text
    assert "How long starts waited" in page
    assert "9 minutes" in page


async def test_a_lead_grants_nothing(records, ada):
    wish = {"for": "team", "name": "vision", "amount": "10", "reason": "More."}
    answer = await ada.post("api/grants", json=wish)
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "Only an administrator may grant a team more.",
    )
