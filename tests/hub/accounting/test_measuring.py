"""How busy GPUs were, from a real Prometheus that was asked late: what it does not know, nobody
knows.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import httpx
import pytest
from gpucommons_accounting.database.listing import Whose
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Calendar, Period, in_hours
from gpucommons_accounting.reckoning.use.activity import Efficiency
from gpucommons_accounting.reckoning.use.efficiencies import efficiencies
from gpucommons_accounting.reckoning.use.report import By
from gpucommons_accounting.recording.measuring import Measuring, Meters
from gpucommons_accounting.recording.meters.exporter import Exporter, Metrics
from gpucommons_accounting.recording.recorder import Recorder
from gpucommons_accounting.recording.unseen_ends import UnseenEnds
from gpucommons_accounting.records.event import Event, EventKind, Source
from gpucommons_accounting.records.session import Flag
from gpucommons_upkeep.prometheus import Prometheus as Client

from tests.unit.accounting.sessions import at, facts

from ..prometheus import Prometheus

_APART = timedelta(seconds=15)
_DAY = Period(at("2026-11-30"), at("2026-12-01"))
_NOON = at("2026-11-30T13:00")
_SEEN, _MISSED_BY = at("2026-11-30T09:59:30"), at("2026-11-30T12:00")

_Samples = Iterator[tuple[str, float, datetime]]


def _figure(metric: str, pod: str, value: float, begin: str, end: str, **labels: str) -> _Samples:
    """Samples of a pod, every 15 seconds; each is about the time before it."""
    said = {"namespace": "team-vision", "pod": pod, "gpu": "0"} | labels
    pairs = ",".join(f'{key}="{each}"' for key, each in said.items())
    name = f"{metric}{{{pairs}}}"
    moment = at(f"2026-11-30T{begin}")
    while moment < at(f"2026-11-30T{end}"):
        moment += _APART
        yield name, value, moment


def _past() -> _Samples:
    ratio, percent = "DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_DEV_GPU_UTIL"
    yield from _figure(ratio, "gap", 0.8, "10:00", "11:30")
    yield from _figure(ratio, "gap", 0.0, "11:30", "13:00")
    for number in range(4):
        yield from _figure(ratio, f"share-{number}", 0.8, "09:00", "10:00")
    renamed = {"exported_namespace": "team-vision", "exported_pod": "renamed"}
    yield from _figure(ratio, "dcgm-x7", 0.5, "09:00", "10:00", namespace="gpu", **renamed)
    yield from _figure(ratio, "pair", 1.0, "09:00", "10:00")
    yield from _figure(ratio, "pair", 0.0, "09:00", "10:00", gpu="1")
    yield from _figure(ratio, "deleted", 0.8, "09:00", "10:39:45")
    yield from _figure(percent, "gap", 7, "10:00", "13:00")
    yield from _figure(percent, "older", 60, "09:00", "10:00")
    yield from _figure("DCGM_FI_DEV_FB_USED", "pair", 1024, "09:00", "10:00")
    yield from _figure("DCGM_FI_DEV_FB_USED", "pair", 512, "09:00", "10:00", gpu="1")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory) -> Iterator[Prometheus]:
    # A file of figures has all of one metric together.
    past = sorted(_past(), key=lambda each: each[0].partition("{")[0])
    prometheus = Prometheus(tmp_path_factory.mktemp("prometheus"), past=past)
    prometheus.start()
    yield prometheus
    prometheus.stop()


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'accounting.sqlite'}")
    store.open()
    yield store
    store.close()


class Place:
    """What measures, with a clock that the test sets."""

    def __init__(self, store: Store, client: httpx.AsyncClient, url: str) -> None:
        self.store, self.kept, self.now = store, store.activities, _NOON
        self.exporter = Exporter(Client(client, url), Metrics())
        pods = Recorder(store, lambda: self.now).pods
        self.measuring = Measuring(self.kept, pods, Meters(self.exporter), lambda: self.now)
        self.ends = UnseenEnds(store, self.exporter, _APART, lambda: self.now)

    def begins(self, pod: str, end: str | None = "10:00", uid: str = "", **choice: str) -> None:
        """Record a session from nine on, in a pod of this name."""
        until = f"2026-11-30T{end}" if end else None
        uid = uid or pod
        self.store.add(facts("2026-11-30T09:00", until, uid, **choice), self.now)
        self.kept.name_pods({uid: f"team-vision/{pod}"})

    async def measure(self, *moments: str) -> None:
        for moment in moments:
            self.now = at(f"2026-11-30T{moment}")
            await self.measuring.step()

    def found(self, period: Period = _DAY, **whose: str) -> Efficiency:
        return efficiencies(
            self.store.sessions(period, Whose(**whose)),
            self.kept.of(period),
            period,
            self.now,
            by=By.TEAM,
            calendar=Calendar("UTC"),
        ).total


@pytest.fixture
async def client():
    async with httpx.AsyncClient(timeout=60) as client:
        yield client


@pytest.fixture
def asked(client) -> list[tuple[dict[str, str], list]]:
    """What Prometheus is asked, each with its answer."""
    found = []

    async def note(answer: httpx.Response) -> None:
        await answer.aread()
        said = dict(parse_qsl(answer.request.content.decode()))
        found.append((said, answer.json()["data"]["result"]))

    client.event_hooks["response"].append(note)
    return found


@pytest.fixture
def place(store, client, prometheus) -> Place:
    return Place(store, client, prometheus.url)


def _hours(found: Efficiency) -> list[float]:
    amounts = found.allocated, found.used, found.idle, found.unknown
    return [pytest.approx(float(in_hours(each)), abs=0.003) for each in amounts]


async def test_an_hour_without_samples_is_unknown_and_the_idle_share_does_not_rise(place):
    place.begins("gap", "13:00")
    place.kept.note_measured(at("2026-11-30T09:00"))
    await place.measure("13:00:15")
    found = place.found()
    assert _hours(found) == [4, 1.2, 1.5, 1]
    assert float(found.efficiency) == pytest.approx(0.4, abs=0.002)
    assert float(found.idle_share) == pytest.approx(0.5, abs=0.002)
    assert float(found.coverage) == pytest.approx(0.75, abs=0.002)


async def test_four_shares_of_a_busy_gpu_use_it_once(place):
    for number in range(4):
        place.begins(f"share-{number}", units="0.25")
    place.kept.note_measured(at("2026-11-30T09:00"))
    await place.measure("10:00:15")
    assert _hours(place.found()) == [1, 0.8, 0, 0]


async def test_a_slice_without_figures_is_unknown_and_not_idle(place):
    place.begins("mig", units="0.142857")
    await place.measure("10:00:15")
    found = place.found()
    assert (found.coverage, found.idle_share) == (0, None)


@pytest.mark.parametrize(
    ("pod", "used", "idle"), [("renamed", 0.5, 0), ("older", 0.6, 0), ("pair", 1, 0)]
)
async def test_each_gpu_counts_by_whatever_names_it(place, pod, used, idle):
    place.begins(pod, units="2" if pod == "pair" else "1")
    await place.measure("10:00:15")
    found = place.found()
    assert _hours(found)[1:] == [used, idle, 0]


async def test_the_most_memory_is_that_of_all_gpus_of_a_session(place):
    place.begins("pair", units="2")
    await place.measure("10:00:15")
    quarters = place.kept.of(_DAY)["pair"]
    assert {each.peak_memory for each in quarters} == {1536 * 2**20}


async def test_however_often_and_by_how_many_it_is_asked_the_sum_is_the_same(
    place, store, client, prometheus
):
    place.begins("gap", "13:00")
    place.kept.note_measured(at("2026-11-30T09:00"))
    await place.measure("13:00:15")
    once = place.kept.of(_DAY)
    other = Place(store, client, prometheus.url)
    await other.measure("10:07:15", "10:07:40", "13:01:15", "13:02:15")
    place.kept.note_measured(at("2026-11-30T09:30"))
    await place.measure("13:03:15")
    assert place.kept.of(_DAY) == once


async def test_minute_by_minute_is_the_same_as_at_once(place, tmp_path, client, prometheus):
    place.begins("gap", "13:00")
    await place.measure(*(f"10:{minute:02}:15" for minute in range(1, 32, 2)))
    at_once = Store(f"sqlite:///{tmp_path / 'other.sqlite'}")
    at_once.open()
    other = Place(at_once, client, prometheus.url)
    other.begins("gap", "13:00")
    await other.measure("10:31:15")
    assert other.kept.of(_DAY) == place.kept.of(_DAY)
    assert other.kept.of(_DAY)
    at_once.close()


async def test_what_was_missed_is_asked_for_by_the_quarter_of_an_hour(place, asked):
    place.begins("gap", "13:00")
    place.kept.note_measured(at("2026-11-30T09:00"))
    await place.measure("13:00:15")
    spans = [float(each["end"]) - float(each["start"]) for each, _ in asked if "end" in each]
    assert len(spans) == 3 * 4 * 4
    assert max(spans) < 15 * 60


async def test_while_prometheus_is_away_nothing_is_known_and_later_what_it_has_is(
    place, store, client, caplog
):
    place.begins("gap", "13:00")
    place.kept.note_measured(at("2026-11-30T09:00"))
    away = Place(store, client, "http://127.0.0.1:9")
    await away.measure("11:00:15", "12:00:15", "13:00:15")
    assert away.found().coverage == 0
    assert caplog.text.count("How busy GPUs are is not known from Prometheus") == 1
    await place.measure("13:01:15")
    assert _hours(place.found()) == [4, 1.2, 1.5, 1]


def _missed(
    place: Place,
    uid: str,
    seen: datetime = _SEEN,
    by: datetime = _MISSED_BY,
) -> None:
    """Accounting saw it last, and then found it gone."""
    payload = {"by": by.isoformat()}
    gone = Event(Source.ACCOUNTING, EventKind.MISSING, uid, seen, payload)
    place.store.add([gone], by)


async def test_one_that_was_deleted_unseen_ended_with_its_last_sample(place):
    place.begins("deleted", None)
    _missed(place, "deleted")
    place.now = at("2026-11-30T12:00")
    for _ in range(2):
        await place.ends.step()
    (session,) = place.store.sessions(_DAY)
    assert (session.gone, session.uncertainty) == (at("2026-11-30T10:39:45"), _APART)
    assert session.end_source is Source.TELEMETRY
    assert session.flags == {Flag.END_UNCERTAIN}
    place.kept.note_measured(at("2026-11-30T09:00"))
    await place.measure("12:00:15")
    assert _hours(place.found()) == [1.663, 1.33, 0, 0]
    assert place.store.rebuild() == 1
    assert place.store.sessions(_DAY) == [session]


async def test_of_an_absence_prometheus_is_asked_for_those_alone_that_ended_unseen(place, asked):
    for pod in ("deleted", "renamed"):
        place.begins(pod, None)
        _missed(place, pod, at("2026-11-30T09:10"))
    place.now = at("2026-11-30T12:00")
    await place.ends.step()
    assert {each.uid: each.gone for each in place.store.sessions(_DAY)} == {
        "deleted": at("2026-11-30T10:39:45"),
        "renamed": at("2026-11-30T10:00"),
    }
    told = [each for _, result in asked for each in result]
    assert {each["metric"].get("exported_pod") or each["metric"]["pod"] for each in told} == {
        "deleted",
        "renamed",
    }
    assert all("values" not in each for each in told)


async def test_after_days_without_anybody_the_last_sample_is_found(place):
    place.begins("deleted", None)
    _missed(place, "deleted", by=at("2026-12-09T12:00"))
    place.now = at("2026-12-09T12:00")
    await place.ends.step()
    (session,) = place.store.sessions(_DAY)
    assert session.gone == at("2026-11-30T10:39:45")


async def test_without_a_sample_it_was_there_until_it_was_last_seen(place):
    place.begins("nobody", None)
    _missed(place, "nobody")
    place.now = at("2026-11-30T12:00")
    await place.ends.step()
    (session,) = place.store.sessions(_DAY)
    assert (session.gone, session.gone_by) == (at("2026-11-30T09:59:30"), place.now)
    assert session.end_source is Source.ACCOUNTING


async def test_samples_of_the_next_session_of_that_name_are_its_own(place):
    place.begins("deleted", None, "first")
    place.store.add(facts("2026-11-30T10:20", "2026-11-30T10:40", "second"), _NOON)
    place.kept.name_pods({"second": "team-vision/deleted"})
    _missed(place, "first")
    place.now = at("2026-11-30T12:00")
    await place.ends.step()
    first, _ = place.store.sessions(_DAY)
    assert (first.gone, first.gone_by) == (at("2026-11-30T10:20"),) * 2


async def test_one_that_is_there_after_all_goes_on(place):
    place.begins("deleted", None)
    _missed(place, "deleted")
    place.now = at("2026-11-30T12:00")
    await place.ends.step()
    back = at("2026-11-30T12:01")
    place.store.add([Event(Source.ACCOUNTING, EventKind.SEEN, "deleted", back)], back)
    (session,) = place.store.sessions(_DAY)
    assert session.runs
