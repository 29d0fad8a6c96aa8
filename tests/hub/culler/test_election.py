"""Which of several replicas acts, on a real API server: one at most, and soon again one."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gpucommons_upkeep.election import Election
from gpucommons_upkeep.errors import SetupError

from tests.waiting import until

from ..kubernetes import APIServer
from .candidate import LEAD_S, LEASE_S

LEASE = "/apis/coordination.k8s.io/v1/namespaces/default/leases/idle"
_SLACK_S = 20.0
"""What a busy machine may take beside."""


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    api = APIServer(tmp_path_factory.mktemp("election"))
    api.start()
    yield api
    api.stop()


class Candidate:
    """One replica in a process of its own."""

    def __init__(self, kubeconfig: Path, file: Path):
        file.touch()
        self.file = file
        script = str(Path(__file__).with_name("candidate.py"))
        self.process = subprocess.Popen(
            [sys.executable, script, str(file)],
            env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        )

    def lines(self) -> list[tuple[float, bool]]:
        whole, _, _ = self.file.read_text().rpartition("\n")
        pairs = (line.split() for line in whole.splitlines())
        return [(float(at), leads == "1") for at, leads in pairs]

    def leads(self, since: float = 0) -> bool:
        """Whether it led when it last said so, which was after ``since``."""
        lines = self.lines()
        return bool(lines) and lines[-1][0] > since and lines[-1][1]

    def spans(self) -> list[tuple[float, float]]:
        """When it led, from its first line to its last of each time."""
        found: list[list[float]] = []
        before = False
        for at, leads in self.lines():
            if leads and before:
                found[-1][1] = at
            elif leads:
                found.append([at, at])
            before = leads
        return [(begin, end) for begin, end in found]


@pytest.fixture
def candidates(api, tmp_path):
    """Two replicas, of which one leads: that one first."""
    api.delete(LEASE)
    both = [Candidate(api.kubeconfig, tmp_path / name) for name in ("first", "second")]
    try:
        until(lambda: any(each.leads() for each in both))
        both.sort(key=lambda each: not each.leads())
        yield both
        _assert_one_at_a_time(*both)
    finally:
        for each in both:
            with contextlib.suppress(ProcessLookupError):
                each.process.kill()
                each.process.wait()


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _assert_one_at_a_time(one, other):
    for begin, end in one.spans():
        for since, till in other.spans():
            assert end < since or till < begin


def test_one_leads_and_goes_on_leading(candidates):
    leader, other = candidates
    time.sleep(2 * LEASE_S)
    now = _now()
    until(lambda: leader.leads(now))
    assert len(leader.spans()) == 1
    assert other.spans() == []


def test_a_clean_stop_hands_over_at_once(candidates):
    leader, other = candidates
    leader.process.send_signal(signal.SIGTERM)
    begin = _now()
    until(lambda: other.leads(begin), LEAD_S)
    assert leader.process.wait(60) == 0


def test_after_a_hard_stop_another_leads_once_the_lease_has_run_out(candidates):
    leader, other = candidates
    leader.process.kill()
    begin = _now()
    until(lambda: other.leads(begin), LEASE_S + _SLACK_S)
    assert _now() - begin > LEAD_S


def test_one_that_slept_does_not_lead_when_it_wakes(candidates):
    leader, other = candidates
    leader.process.send_signal(signal.SIGSTOP)
    begin = _now()
    until(lambda: other.leads(begin), LEASE_S + _SLACK_S)
    leader.process.send_signal(signal.SIGCONT)
    woke = _now()
    until(lambda: leader.lines()[-1][0] > woke + 1)
    assert not any(leads for at, leads in leader.lines() if at > woke)


def test_while_the_api_server_hangs_nobody_leads_and_then_one_does(candidates, api):
    process = api._process
    process.send_signal(signal.SIGSTOP)
    begin = _now()
    try:
        until(lambda: not any(each.leads() for each in candidates), LEAD_S + _SLACK_S)
        time.sleep(LEASE_S)
        assert not any(each.leads() for each in candidates)
    finally:
        process.send_signal(signal.SIGCONT)
    woke = _now()
    until(lambda: any(each.leads(woke) for each in candidates), LEASE_S + 2 * _SLACK_S)
    assert woke - begin > LEASE_S


async def test_without_a_lease_the_only_replica_leads():
    election = Election()
    await election.begin()
    assert election.leads
    assert election.leader == election.identity
    await election.close()


async def test_a_lease_without_a_way_to_the_api_server_stops_the_start(monkeypatch, tmp_path):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    with pytest.raises(SetupError, match="cannot be reached as configured"):
        await Election(lease_name="idle").begin()
    monkeypatch.delenv("KUBECONFIG")
    with pytest.raises(
        SetupError, match=r"KUBECONFIG is not set\. Leave Election.lease_name empty"
    ):
        await Election(lease_name="idle").begin()


def test_seconds_in_which_two_could_act_stop_the_start():
    with pytest.raises(ValueError, match="lead_seconds must be less"):
        Election(lease_name="idle", lease_seconds=10)
