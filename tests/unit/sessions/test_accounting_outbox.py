"""What the hub has written down for accounting arrives, whoever was away or ended meanwhile."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from gpucommons_contract import ACCOUNTING_SERVICE, NOTICE_SERVICE, TELL_ACCOUNTING_SCOPE
from gpucommons_contract.told import EndReason, ToldEnd, read_told
from gpucommons_sessions import accounting_outbox
from gpucommons_sessions.accounting_outbox import OUTBOX, TELLING_SCOPES, AccountingOutbox
from jupyterhub import orm, roles, scopes
from prometheus_client import REGISTRY
from sqlalchemy import func, inspect, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from tests.waiting import until_async

_PAUSE_SECONDS = 0.05
_AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


class Accounting(RequestHandler):
    """Takes what it is told, unless it is away; it may also take it and say that it did not."""

    taken: list[object]
    answers: list[HTTPStatus]
    asked: list[str]
    counts: list[int]
    """How many facts came in each request."""
    never: frozenset[str] = frozenset()
    """Pods of which it takes no facts."""
    refuses = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def post(self) -> None:
        self.asked.append(self.request.headers["Authorization"])
        status = self.answers.pop(0) if self.answers else HTTPStatus.OK
        facts = json.loads(self.request.body)["facts"]
        self.counts.append(len(facts))
        if any(each["uid"] in self.never for each in facts):
            status = self.refuses
        if status in (HTTPStatus.OK, HTTPStatus.BAD_GATEWAY, HTTPStatus.FORBIDDEN):
            self.taken.extend(read_told(each) for each in facts)
        self.set_status(status)
        self.finish({"taken": 1, "refused": []})


def _end(number: int) -> ToldEnd:
    return ToldEnd(f"pod-{number}", _AT, EndReason.PERSON)


@pytest.fixture
def db(tmp_path) -> Iterator[Session]:
    """The hub's database, with the services that matter here; accounting has no address yet."""
    db = orm.new_session_factory(f"sqlite:///{tmp_path / 'hub.sqlite'}")()
    if TELL_ACCOUNTING_SCOPE not in scopes.scope_definitions:
        scopes.define_custom_scopes({TELL_ACCOUNTING_SCOPE: {"description": "Tell."}})
    for name in (ACCOUNTING_SERVICE, NOTICE_SERVICE):
        db.add(orm.Service(name=name))
    db.add(orm.OAuthClient(identifier="jupyterhub"))  # whose all tokens are
    db.commit()
    roles.create_role(db, {"name": "teller", "scopes": list(TELLING_SCOPES)})
    roles.grant_role(db, orm.Service.find(db, NOTICE_SERVICE), "teller")
    yield db
    db.close()
    db.get_bind().dispose()


@pytest.fixture
async def accounting(db) -> AsyncIterator[type[Accounting]]:
    empty = {name: [] for name in ("taken", "answers", "asked", "counts")}
    handler = type("Handler", (Accounting,), empty)
    listener, port = bind_unused_port()
    server = HTTPServer(Application([("/services/gpu/api/facts", handler)]))
    server.add_socket(listener)
    service = orm.Service.find(db, ACCOUNTING_SERVICE)
    service.server = orm.Server(proto="http", ip="127.0.0.1", port=port, base_url="/services/gpu/")
    db.commit()
    yield handler
    server.stop()
    await server.close_all_connections()


@pytest.fixture
async def sending(db) -> AsyncIterator[AccountingOutbox]:
    """The outbox of a hub that runs."""
    outbox = AccountingOutbox(_PAUSE_SECONDS)
    task = asyncio.create_task(outbox.run(db))
    yield outbox
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _left(db: Session) -> int:
    db.expire_all()
    return db.execute(select(func.count()).select_from(OUTBOX)).scalar_one()


async def test_what_is_put_arrives_in_its_order_and_is_forgotten(db, accounting, sending):
    for number in range(3):
        sending.put(db, _end(number))
    await until_async(lambda: len(accounting.taken) == 3 and not _left(db))
    assert accounting.taken == [_end(0), _end(1), _end(2)]


async def test_it_is_told_until_accounting_says_that_it_has_it(db, accounting, sending):
    away, lost = HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY
    accounting.answers[:] = [away, away, lost]
    sending.put(db, _end(0))
    await until_async(lambda: len(accounting.asked) == 4 and not _left(db))
    assert accounting.taken == [_end(0), _end(0)]  # told again, it is the same fact


async def test_a_token_that_is_no_longer_good_is_replaced(db, accounting, sending):
    accounting.answers[:] = [HTTPStatus.FORBIDDEN]
    sending.put(db, _end(0))
    await until_async(lambda: len(accounting.asked) == 2)
    assert len(set(accounting.asked)) == 2


@pytest.fixture
def written(db, accounting) -> None:
    """What a hub that ended had not told yet."""
    AccountingOutbox().put(db, _end(0))
    assert _left(db) == 1


async def test_a_hub_tells_what_one_that_ended_had_written(written, accounting, sending):
    await until_async(lambda: accounting.taken == [_end(0)])


async def test_what_the_database_does_not_take_now_is_told_later(
    db, accounting, sending, monkeypatch
):
    def away(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the database is away"))

    with monkeypatch.context() as patched:
        patched.setattr(sending, "_write", away)
        sending.put(db, _end(0))
    await until_async(lambda: accounting.taken == [_end(0)])


async def test_without_accounting_nothing_is_written(db):
    AccountingOutbox().put(db, _end(0))
    assert OUTBOX.name not in inspect(db.connection()).get_table_names()


async def test_it_is_bounded_and_gives_up_the_oldest(db, accounting, monkeypatch, caplog):
    monkeypatch.setattr(accounting_outbox, "MOST_KEPT", 3)
    outbox = AccountingOutbox()
    for number in range(5):
        outbox.put(db, _end(number))
    facts = db.execute(select(OUTBOX.c.fact).order_by(OUTBOX.c.number)).scalars()
    assert [read_told(json.loads(each)) for each in facts] == [_end(2), _end(3), _end(4)]
    assert "1 facts are lost" in caplog.text


@pytest.mark.parametrize("status", [HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE])
async def test_what_accounting_never_takes_holds_up_nothing_else(db, accounting, caplog, status):
    accounting.never, accounting.refuses = frozenset({"pod-2"}), status
    outbox = AccountingOutbox(_PAUSE_SECONDS)
    for number in range(5):
        outbox.put(db, _end(number))
    task = asyncio.create_task(outbox.run(db))
    await until_async(lambda: len(accounting.taken) == 4 and not _left(db))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert accounting.taken == [_end(0), _end(1), _end(3), _end(4)]
    assert "never told this" in caplog.text
    assert "pod-2" in caplog.text


async def test_a_request_is_bounded_whatever_the_facts(db, accounting, monkeypatch):
    monkeypatch.setattr(accounting_outbox, "_MOST_CHARACTERS", 500)
    outbox = AccountingOutbox(_PAUSE_SECONDS)
    for number in range(5):
        outbox.put(db, ToldEnd(f"pod-{number}", _AT, None, "x" * 100))
    outbox.put(db, ToldEnd("pod-5", _AT, None, "x" * 600))
    outbox.put(db, _end(6))
    task = asyncio.create_task(outbox.run(db))
    await until_async(lambda: len(accounting.taken) == 6 and not _left(db))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert [each.uid for each in accounting.taken] == [f"pod-{each}" for each in (0, 1, 2, 3, 4, 6)]
    assert max(accounting.counts) == 2


def _waiting() -> tuple[float, float]:
    """How many facts wait as Prometheus reads it, and how many hours the first has."""
    facts, wait_seconds = (
        REGISTRY.get_sample_value(f"gpucommons_accounting_outbox_{name}")
        for name in ("facts", "oldest_wait_seconds")
    )
    return facts, wait_seconds // 3600


def _since(hours: int) -> ToldEnd:
    return replace(_end(hours), at=datetime.now(UTC) - timedelta(hours=hours, minutes=1))


async def test_how_much_waits_and_for_how_long_is_a_metric(db, accounting):
    outbox = AccountingOutbox(_PAUSE_SECONDS)
    assert _waiting() == (0, 0)
    for hours in (3, 2, 1):
        outbox.put(db, _since(hours))
    assert _waiting() == (3, 3)
    outbox = AccountingOutbox(_PAUSE_SECONDS)  # of a hub that was started again
    accounting.answers[:] = 3 * [HTTPStatus.SERVICE_UNAVAILABLE]
    task = asyncio.create_task(outbox.run(db))
    await until_async(lambda: accounting.asked)
    assert _waiting() == (3, 3)
    await until_async(lambda: _waiting() == (0, 0))
    assert not _left(db)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_what_the_database_does_not_take_counts_as_waiting(db, accounting, monkeypatch):
    def away(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the database is away"))

    outbox = AccountingOutbox()
    monkeypatch.setattr(outbox, "_write", away)
    outbox.put(db, _since(2))
    outbox.put(db, _since(1))
    assert _waiting() == (2, 2)


def test_metrics_are_read_whatever_waits(db, accounting):
    outbox = AccountingOutbox()
    outbox.put(db, _end(0))
    db.execute(update(OUTBOX).values(fact='{"kind": "of a later version"}'))
    outbox.put(db, _end(1))
    assert REGISTRY.get_sample_value("gpucommons_accounting_outbox_facts") == 2
    assert math.isnan(REGISTRY.get_sample_value("gpucommons_accounting_outbox_oldest_wait_seconds"))


def test_a_text_is_told_no_longer_than_it_is_read():
    long = ToldEnd("pod-0", _AT, None, "x" * 1_000_000)
    assert len(json.dumps(long.as_json())) < 2_000
    assert read_told(long.as_json()).sentence == long.sentence[:1000]
