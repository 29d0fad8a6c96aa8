"""What ``gpucommons doctor`` finds of accounting, which it asks as the account commands do."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from gpucommons_accounting.reckoning.capacity.capacity import NodeFact, NodeState
from gpucommons_accounting.reckoning.use.prices import Price
from gpucommons_doctor.checks.accounting.prices import Prices
from gpucommons_doctor.checks.accounting.record import AccountingRecord
from gpucommons_doctor.checks.accounting.service import AccountingService
from gpucommons_doctor.finding import State
from gpucommons_people.clients.cluster import Cluster

from ..sessions import at
from .conftest import NOW

_NOT_ASKED = Cluster(None)


@pytest.fixture
def accounts(address, tmp_path) -> Callable[[str], Path]:
    """Write the account commands' file, with somebody's token."""

    def write(token: str) -> Path:
        (tmp_path / "token").write_text(f"{token}\n")
        file = tmp_path / "people.yaml"
        hub = f"{{api_url: {address}/hub/api, token_file: token}}"
        file.write_text(f"address: {address}\nhub: {hub}\n")
        return file

    return write


async def test_until_when_it_has_recorded_is_asked_of_accounting(berlin_store, accounts):
    berlin_store.beat(at("2026-11-30T09:00"))
    answer = await AccountingService(accounts("root")).ask("budgets")
    assert at(answer.said["as_of"]) == at("2026-11-30T09:00")
    assert answer.at.tzinfo
    (found,) = await AccountingRecord(accounts("root")).run(_NOT_ASKED)
    assert found.state is not State.UNKNOWN


async def test_a_gpu_without_a_price_is_found_where_others_have_one(berlin_store, accounts):
    file = accounts("root")
    for node, product in (("n1", "H100"), ("n2", "A30")):
        fact = NodeFact(node, at("2026-11-29"), NodeState.UP, product, Decimal(4))
        berlin_store.note_node(fact)
    (found,) = await Prices(file).run(_NOT_ASKED)
    assert (found.state, found.found) == (State.GOOD, "No price is set.")
    for product in ("H100", "A-30"):
        berlin_store.set_price(Price(product, Decimal(1), at("2020-01-01")), "root", NOW)
    (found,) = await Prices(file).run(_NOT_ASKED)
    assert (found.state, found.found) == (
        State.WARNING,
        "Not priced, while others are: A30.",
    )
    assert "--product A30. No node has A-30" in found.advice
    berlin_store.set_price(Price("", Decimal("0.5"), at("2020-01-01")), "root", NOW)
    (found,) = await Prices(file).run(_NOT_ASKED)
    assert found.state is State.GOOD


async def test_a_token_that_may_not_read_is_a_fault(accounts):
    (found,) = await Prices(accounts("ada")).run(_NOT_ASKED)
    assert (found.state, "answers 403" in found.found) == (State.FAULT, True)
