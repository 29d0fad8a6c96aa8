"""Counters outlive the program, and never go back."""

import os
import shutil
import subprocess
from decimal import Decimal

import pytest
from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.budgets.budget import Budget, Rule, Subject
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.recording.counters import CounterKeeper
from gpucommons_accounting.records.event import Source
from gpucommons_accounting.records.start import Start
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet
from gpucommons_accounting.web.metrics import AccountingMetrics
from gpucommons_accounting.web.site import Site
from gpucommons_contract import GPU_HOURS, SubjectKind
from gpucommons_contract.told import StartFault, StartOutcome
from gpucommons_local.machine.cache import cache_folder
from prometheus_client.parser import text_string_to_metric_families

from .sessions import at, fact, facts

SITE = Site(Calendar("UTC"), "EUR", 2)
_LEARNT = at("2026-12-03T08:00")
_STATE = {"team": "vision", "size": "gpu", "product": "H100", "state": "charged"}


def _scraped(store: Store, now: str, probe_team: str = "") -> str:
    CounterKeeper(store, lambda: at(now), probe_team).step()
    sheet = BalanceSheet(store, SITE, Decimal(4), lambda: at(now))
    return AccountingMetrics(store, sheet, lambda: at(now)).exposition().decode()


def _value(text: str, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


def _charged(text: str) -> float | None:
    return _value(text, "gpucommons_gpu_seconds_total", **_STATE)


def test_what_runs_counts_and_goes_on_once_it_has_ended_and_is_settled(store):
    store.add(facts("2026-11-30T09:00", None), _LEARNT)
    assert _charged(_scraped(store, "2026-11-30T10:00")) == 3600
    store.add([fact("ended", "2026-11-30T11:00")()], _LEARNT)
    assert _charged(_scraped(store, "2026-11-30T12:00")) == 7200
    for now in ("2026-12-01T10:00", "2026-12-05T12:00", "2027-02-01T00:00"):
        assert _charged(_scraped(store, now)) == 7200
    store.add(facts("2027-02-01T09:00", "2027-02-01T10:00", "b"), _LEARNT)
    assert _charged(_scraped(store, "2027-02-01T12:00")) == 10_800


def test_a_counter_does_not_go_back_for_what_is_learnt_later(store):
    store.add(facts("2026-11-30T09:00", None), _LEARNT)
    assert _charged(_scraped(store, "2026-11-30T11:00")) == 7200
    store.add([fact("ended", "2026-11-30T10:00")()], _LEARNT)
    assert _charged(_scraped(store, "2026-11-30T11:30")) == 7200


def test_series_do_not_grow_with_people(store):
    _limit(store, SubjectKind.PERSON, 1)

    def series(people: int) -> int:
        for number in range(people):
            begin, end = "2026-11-30T09:00", "2026-11-30T10:00"
            store.add(facts(begin, end, str(number), person=f"p{number}"), _LEARNT)
        return len(_scraped(store, "2026-11-30T12:00").splitlines())

    assert series(1) == series(30)


def test_starts_ends_and_waits_are_counted(store):
    store.add(facts("2026-11-30T09:00", "2026-11-30T10:00"), _LEARNT)
    asked = "2026-11-30T09:00"
    created = fact("created", asked, person="ben", team="vision", size="gpu", units="2")
    store.add([created("b")], _LEARNT)
    text = _scraped(store, "2026-11-30T09:30")
    assert _value(text, "gpucommons_starts_total", outcome="ready") == 1
    assert _value(text, "gpucommons_sessions_ended_total", reason="unknown") == 1
    assert _value(text, "gpucommons_wait_seconds_count", size="gpu") == 1
    assert _value(text, "gpucommons_pending_gpus", size="gpu") == 2
    assert _value(text, "gpucommons_oldest_wait_seconds", size="gpu") == 1800


def test_ends_are_counted_by_whether_their_moment_is_known(store):
    store.add(facts("2026-11-30T09:00", "2026-11-30T10:00", "a"), _LEARNT)
    unseen = fact("ended", "2026-11-30T10:00", Source.ACCOUNTING)
    store.add([*facts("2026-11-30T09:00", None, "b"), unseen("b")], _LEARNT)
    text = _scraped(store, "2026-11-30T12:00")
    assert _value(text, "gpucommons_ends_total", moment="seen") == 1
    assert _value(text, "gpucommons_ends_total", moment="unseen") == 1


def test_the_start_probe_counts_for_its_gpus_and_not_as_people_do(store):
    store.add(facts("2026-11-30T09:00", "2026-11-30T10:00"), _LEARNT)
    text = _scraped(store, "2026-11-30T12:00", "vision")
    assert _charged(text) == 3600
    for name in ("starts_total", "sessions_ended_total", "wait_seconds_count"):
        assert _value(text, f"gpucommons_{name}") is None
    assert _value(_scraped(store, "2026-11-30T12:00"), "gpucommons_starts_total") == 1


def _refused(start: str, why: str, outcome: StartOutcome = StartOutcome.REFUSED) -> Start:
    asked = at("2026-11-30T09:00")
    said = {"person": "ada", "server": "", "team": "vision", "environment": "e", "size": "gpu"}
    more = {"units": Decimal(1), "why": why, "fault": StartFault.NOBODY, "sentence": "", "uid": ""}
    return Start(start=start, asked=asked, at=asked, outcome=outcome, **said, **more)


def _limit(store: Store, kind: SubjectKind, hours: int, unit: str = GPU_HOURS) -> None:
    budget = Budget(Subject(kind, ""), unit, Rule.LIMITED, at("2026-01-01"), Decimal(hours))
    store.budgets.set_budget(budget, "boss", at("2026-01-01"))


def test_refused_starts_are_counted_by_why_also_before_the_first_session(store):
    store.starts.add([_refused("1", "budget"), _refused("2", "quota"), _refused("3", "budget")])
    store.starts.add([_refused("3", "budget"), _refused("4", "a word of a newer hub")])
    store.starts.add([_refused("5", "", StartOutcome.READY)])
    for _ in range(2):
        text = _scraped(store, "2026-11-30T12:00")
        assert _value(text, "gpucommons_refusals_total", why="budget") == 2
        assert _value(text, "gpucommons_refusals_total", why="quota") == 1
        assert _value(text, "gpucommons_refusals_total", why="other") == 1
        assert text.count("gpucommons_refusals_total{") == 3


def test_budgets_are_told_of_teams_by_name_and_of_people_as_a_number(store):
    _limit(store, SubjectKind.TEAM, 10)
    _limit(store, SubjectKind.TEAM, 50, "EUR")
    _limit(store, SubjectKind.PERSON, 1)
    for uid, person, end in (("a", "ada", "10:00"), ("b", "ben", "09:51"), ("c", "cy", "09:06")):
        store.add(facts("2026-11-30T09:00", f"2026-11-30T{end}", uid, person=person), _LEARNT)
    text = _scraped(store, "2026-11-30T12:00")
    assert _value(text, "gpucommons_budget_gpu_seconds", team="vision") == 36_000
    left = _value(text, "gpucommons_budget_remaining_gpu_seconds", team="vision")
    assert left == 36_000 - (60 + 51 + 6) * 60
    assert _value(text, "gpucommons_budget_remaining_money", team="vision", currency="EUR") == 50
    for state in ("enough", "warned", "used-up"):
        people = {"kind": "person", "unit": "gpu-hours", "state": state}
        assert _value(text, "gpucommons_budgets", **people) == 1
    assert "ada" not in text


def test_what_is_told_is_as_prometheus_wants_it(store):
    promtool = shutil.which("promtool") or cache_folder() / "debian/prometheus/usr/bin/promtool"
    if not os.access(promtool, os.X_OK):
        pytest.skip("needs promtool, on the PATH or as the tests of Prometheus fetch it")
    store.add(facts("2026-11-30T09:00", "2026-11-30T10:00"), _LEARNT)
    store.beat(at("2026-11-30T11:00"))
    store.starts.add([_refused("1", "budget")])
    _limit(store, SubjectKind.TEAM, 10)
    _limit(store, SubjectKind.TEAM, 50, "EUR")
    text = _scraped(store, "2026-11-30T12:00")
    assert _value(text, "gpucommons_accounting_lag_seconds") == 3600
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
