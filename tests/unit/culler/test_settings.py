"""Settings that would make the culler do nothing, or do it twice, are refused with what to do."""

import asyncio
from pathlib import Path

import pytest
import yaml
from gpucommons_culler.service.idle_culler import IdleCuller
from gpucommons_culler.telemetry.sources.settings import SignalSources
from gpucommons_upkeep.election import Election
from gpucommons_upkeep.errors import SetupError
from traitlets import TraitError
from traitlets.config import Config

_MANIFESTS = Path(__file__).parents[3] / "cluster" / "idle-culler"


def _culler(interval: float) -> IdleCuller:
    return IdleCuller(Config({"IdleCuller": {"interval": interval}}), rules=None, environment={})


@pytest.mark.parametrize("interval", [0, -1, 0.5, 60.5, 181, 3600, float("inf"), float("nan")])
def test_an_interval_at_which_nothing_is_watched_is_refused(interval):
    with pytest.raises(TraitError, match="it must be 1 to 60 seconds"):
        _culler(interval)


@pytest.mark.parametrize("interval", [1, 20, 60])
def test_an_interval_that_watches_is_taken(interval):
    assert _culler(interval).interval == interval


def test_sources_are_still_set_under_their_former_name():
    former = {"gpu_percent": 5.0, "processor_cores": 0.1}
    config = Config({"Measuring": former, "SignalSources": {"processor_cores": 0.2}})
    sources = SignalSources(config=config)
    assert (sources.gpu_percent, sources.processor_cores) == (5.0, 0.2)


@pytest.fixture
def in_a_pod(monkeypatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")


async def test_in_a_pod_nobody_acts_without_a_lease(in_a_pod):
    with pytest.raises(SetupError, match="lease_name is not set"):
        await Election().begin()


async def test_one_replica_may_be_said_to_be_the_only_one(in_a_pod):
    election = Election(single=True)
    await election.begin()
    assert election.leads


async def test_beside_a_cluster_there_is_one_replica(monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    election = Election()
    await election.begin()
    assert election.leads


def test_times_by_which_a_lease_is_lost_again_and_again_are_refused():
    with pytest.raises(ValueError, match="renew_seconds must be less than"):
        Election(lease_name="idle", renew_seconds=12.0)


def test_our_manifest_starts_replicas_that_agree_on_one():
    deployment = yaml.safe_load((_MANIFESTS / "deployment.yaml").read_text())
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert deployment["spec"]["replicas"] > 1
    assert container["command"][-2:] == ["--lease", "idle-culler"]


def test_z2jh_lets_our_replicas_ask_its_hub():
    deployment = yaml.safe_load((_MANIFESTS / "deployment.yaml").read_text())
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert labels["hub.jupyter.org/network-access-hub"] == "true"


class _Odd:
    """An API server in trouble: what it answers is no Lease."""

    async def read_namespaced_lease(self, *_):
        await asyncio.sleep(0)
        return object()


async def test_an_answer_like_no_other_does_not_end_the_election():
    election = Election(lease_name="idle")
    await election._look(_Odd())
    assert not election.leads
    assert "has no attribute 'spec'" in election.heart.problem
    assert election.hearts == [election.heart]
