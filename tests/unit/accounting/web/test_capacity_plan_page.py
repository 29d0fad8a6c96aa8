"""Administrators see what more GPUs would have changed, beside the record and what is assumed."""

from decimal import Decimal

import pytest
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState

from ..sessions import at, fact

_PATH = "plan-capacity?month=2026-11"
_API = "api/replay?month=2026-11&product=H100"


@pytest.fixture
def records(berlin_store):
    """One H100, for which Ben waits an hour and Cleo does so in vain."""
    for product, node in (("H100", "n1"), ("A100", "n2")):
        since = at("2026-10-01T00:00")
        berlin_store.note_node(NodeFact(node, since, NodeState.UP, product, Decimal(1)))
    for person, asked, had, ended in (
        ("ada", "08:00", "08:00", "10:00"),
        ("ben", "09:00", "10:00", "11:00"),
        ("cleo", "09:10", None, "09:20"),
    ):
        chosen = {"person": person, "team": "vision", "size": "gpu", "units": "1"}
        found = [fact("created", f"2026-11-30T{asked}", **chosen)(person)]
        if had:
            found.append(fact("bound", f"2026-11-30T{had}", node="n1", product="H100")(person))
        found.append(fact("ended", f"2026-11-30T{ended}")(person))
        berlin_store.add(found, at("2026-11-30T11:30"))


async def _text(client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(answer.text.split())


async def test_the_page_says_how_many_would_not_have_waited_and_what_it_rests_on(records, root):
    page = await _text(root, f"{_PATH}&product=H100&more=1")
    assert "2 of 3 starts for H100 waited for more than 1 minute, or in vain" in page
    assert "explains 2 of them: <strong>with 1 more, 1 of these 2 would not have waited" in page
    assert "about 3 of 3 starts (100%)" in page
    assert "95 of 100 no longer than 1 hour, and with 1 more at least 10 minutes." in page
    assert '95 of 100 waited</th> <td class="text-end">1 hour</td>' in page
    assert "There were 1.0 H100 on average, which is known of 100% of the time" in page
    assert "1 start of size One GPU never had a GPU. Assumed length: 1 hour 30 minutes" in page
    assert "First come, first served" in page
    more = await _text(root, f"{_PATH}&product=H100&more=2")
    assert "with 2 more, 2 of these 2 would not have waited" in more
    assert 'value="2" required' in more


async def test_the_page_of_waits_leads_there_and_the_first_product_is_chosen(records, root):
    assert f'href="/services/gpu/{_PATH}"' in await _text(root, "waits?month=2026-11")
    page = await _text(root, _PATH)
    assert '<option value="A100" selected>' in page
    assert "No start of this month is known to have been for A100" in page


async def test_programs_get_the_same_with_the_assumptions(records, root):
    said = (await root.get(f"{_API}&more=2")).json()
    recorded, replayed, with_more = (said[name] for name in ("recorded", "replayed", "with_more"))
    assert recorded == replayed
    assert replayed["p95"] == {"seconds": 3600.0, "at_least": False}
    assert (with_more["waited"], with_more["in_vain"]) == (0, 0)
    assert with_more["p95"] == {"seconds": 0.0, "at_least": False}
    assert (said["explained"], said["spared"], said["agreeing"]) == (2, 2, 3)
    assert (said["gpus"], said["coverage"], said["left_out"]) == ("1.0000", "1.0000", 0)
    assert said["assumed_lengths"] == [{"size": "gpu", "starts": 1, "seconds": 5400.0}]
    assert len(said["assumptions"]) == 6


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("product=T4", "product 'T4' is unknown. Known are: A100, H100."),
        ("", "product must be one of: A100, H100."),
        ("product=H100&more=0", "more must be a whole number from 1 to 1000."),
        ("product=H100&more=few", "more must be a whole number from 1 to 1000."),
    ],
)
async def test_a_question_that_makes_no_sense_is_answered_with_what_does(
    records, root, query, message
):
    answer = await root.get(f"api/replay?month=2026-11&{query}")
    assert (answer.status_code, answer.json()["message"]) == (400, message)


async def test_a_site_without_gpus_says_so(root):
    assert "It is not known yet which GPUs there are" in await _text(root, _PATH)


@pytest.mark.parametrize("path", [_PATH, _API, "api/replay"])
async def test_what_it_says_is_the_administrators_to_see(records, ada, path):
    assert (await ada.get(path)).status_code == 403
