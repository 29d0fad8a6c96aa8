"""Accounting as the doctor finds it: listed by the hub, of now, and with a price for all GPUs.

tests/unit/accounting/web/test_doctor.py has what it finds of accounting itself.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from gpucommons_doctor.checks.accounting.listed import AccountingListed
from gpucommons_doctor.checks.accounting.prices import Prices, judge_prices
from gpucommons_doctor.checks.accounting.record import AccountingRecord, judge_record
from gpucommons_doctor.checks.accounting.service import Answer
from gpucommons_doctor.finding import State
from gpucommons_doctor.hub_values import HubValues
from gpucommons_people.errors import InputError, UnreachableError

from . import objects

_SERVICE = {
    "name": "gpu",
    "url": "http://accounting:10109",
    "oauth_client_allowed_scopes": ["admin-ui"],
}
_NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def installed(played) -> None:
    labels = {"app.kubernetes.io/name": "accounting"}
    played.objects("/deployments").append(objects.deployment("accounting", labels, replicas=2))


@pytest.fixture
def accounts(tmp_path) -> Callable[[str, str], Path]:
    """Write the account commands' file for an address, with somebody's token."""

    def write(address: str, token: str = "root") -> Path:
        (tmp_path / "token").write_text(f"{token}\n")
        file = tmp_path / "people.yaml"
        hub = f"{{api_url: {address}/hub/api, token_file: token}}"
        file.write_text(f"address: {address}\nhub: {hub}\n")
        return file

    return write


def _values(*services: dict) -> HubValues:
    return HubValues(traits={"JupyterHub": {"services": list(services)}})


async def _listed(cluster, values: HubValues | None) -> tuple[State, str]:
    (found,) = await AccountingListed(values).run(cluster)
    return found.state, found.found


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("services", "state", "said"),
    [
        ([_SERVICE], State.GOOD, "leads to accounting at http://accounting:10109"),
        ([], State.WARNING, "list no service gpu with a url"),
        ([{"name": "gpu"}], State.WARNING, "list no service gpu with a url"),
        (
            [{"name": "gpu", "url": "http://accounting:10109"}],
            State.WARNING,
            "may not know who administers",
        ),
    ],
)
async def test_accounting_that_is_installed_is_to_be_listed(cluster, services, state, said):
    found = await _listed(cluster, _values(*services))
    assert (found[0], said in found[1]) == (state, True)


async def test_accounting_that_is_listed_is_to_be_installed(cluster):
    state, said = await _listed(cluster, _values(_SERVICE))
    assert (state, "no Deployment" in said) == (State.WARNING, True)


@pytest.mark.parametrize("values", [None, _values()])
async def test_without_accounting_nothing_is_wrong(cluster, values):
    assert (await _listed(cluster, values))[0] is State.GOOD
    for check in (AccountingRecord(None), Prices(None)):
        (found,) = await check.run(cluster)
        assert found.state is State.GOOD


@pytest.mark.usefixtures("installed")
async def test_what_was_not_asked_is_said(cluster):
    assert (await _listed(cluster, None))[0] is State.WARNING
    for check in (AccountingRecord(None), Prices(None)):
        (found,) = await check.run(cluster)
        assert (found.state, "--accounts" in found.advice) == (State.WARNING, True)


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(seconds=-5), State.GOOD),
        (timedelta(minutes=2), State.GOOD),
        (timedelta(minutes=2, seconds=1), State.WARNING),
        (timedelta(minutes=10, seconds=1), State.FAULT),
    ],
)
def test_a_record_is_to_be_of_now(age, state):
    found = judge_record(Answer({"as_of": _NOW.isoformat()}, _NOW + age))
    assert found.state is state
    assert ("since 2026-11-30 12:00 UTC" in found.found) is (state is not State.GOOD)


async def test_the_record_s_age_is_that_by_the_service_s_own_clock(cluster, accounts):
    async def answer(_request: web.Request) -> web.Response:
        headers = {"Date": "Mon, 30 Nov 2026 12:05:00 GMT"}
        return web.json_response({"as_of": _NOW.isoformat()}, headers=headers)

    app = web.Application()
    app.router.add_get("/services/gpu/api/budgets", answer)
    async with TestServer(app) as server:
        file = accounts(str(server.make_url("")).rstrip("/"))
        (found,) = await AccountingRecord(file).run(cluster)
    assert found.state is State.WARNING


@pytest.mark.parametrize(
    ("prices", "state"),
    [
        ({"A30": "2026-12-01"}, State.GOOD),
        ({"A30": "2026-12-02"}, State.WARNING),
        ({"A30": "2026-11-01", "old": "2026-01-01"}, State.GOOD),
        ({"": "2026-12-02"}, State.WARNING),
    ],
)
def test_a_price_counts_once_it_begins(prices, state):
    rows = [{"product": name, "valid_from": day} for name, day in prices.items()]
    rows.append({"product": "H100", "valid_from": "2026-01-01"})
    (found,) = judge_prices(rows, ["H100", "A30"], date(2026, 11, 30))
    assert found.state is state


def test_gpus_whose_nodes_do_not_say_their_model_have_the_price_of_all_others():
    rows = [{"product": "H100", "valid_from": "2026-01-01"}]
    (found,) = judge_prices(rows, ["H100", ""], date(2026, 11, 30))
    assert (found.state, "gpu.product" in found.found) == (State.WARNING, True)
    assert found.advice == "Set one for all others with: gpucommons usage price RATE."


async def test_a_hub_that_leads_elsewhere_is_a_fault(cluster, accounts):
    async def hub(_request: web.Request) -> web.Response:
        raise web.HTTPFound("/hub/login")

    app = web.Application()
    app.router.add_get("/{path:.*}", hub)
    async with TestServer(app) as server:
        file = accounts(str(server.make_url("")).rstrip("/"))
        for check in (AccountingRecord(file), Prices(file)):
            (found,) = await check.run(cluster)
            assert (found.state, "lists the service gpu" in found.advice) == (State.FAULT, True)


async def test_what_does_not_answer_is_not_known(cluster, accounts):
    with pytest.raises(UnreachableError, match="does not answer"):
        await AccountingRecord(accounts("http://127.0.0.1:1")).run(cluster)


async def test_a_file_without_a_hub_cannot_be_used(cluster, tmp_path):
    file = tmp_path / "people.yaml"
    file.write_text("address: https://hub.example.org\n")
    with pytest.raises(InputError, match="has no hub"):
        await Prices(file).run(cluster)
