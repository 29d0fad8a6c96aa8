"""Faults are planted, and those whom an alert calls are told of exactly that, and of its end.

Real programs under fault, a real Prometheus with our rules, a real Alertmanager with our routes:
only time is shortened, by `hurried_rules.FACTOR`. Faults that do not mask one another are planted
side by side.
"""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest
from gpucommons_config.slo.rules import RUNBOOKS

from tests.unit.monitoring.rule_files import alerts, groups
from tests.waiting import until

from .hurried_rules import FACTOR, hurried
from .planted import (
    api_server_slow,
    backup_late,
    culler_blind,
    database_full,
    dex_down,
    hub_down,
    node_lost,
    queue_stuck,
    said_by_others,
)
from .said_by_others import (
    GPU_FAULTY,
    HOME_FULL,
    QUOTA_NEAR,
    VOLUME_FULL,
    certificate_near_its_end,
)
from .watched import OF_BUSY_MACHINES, WatchedPlatform

_PATIENCE_S = 600 + 1800 / FACTOR
"""Generous, and then the queue is stuck only after half an hour."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory, thread) -> Iterator[WatchedPlatform]:
    with ExitStack() as stack:
        yield WatchedPlatform(tmp_path_factory.mktemp("watched"), thread, stack)


def _plant(
    platform: WatchedPlatform,
    planted: dict[str, AbstractContextManager[None]],
    may_follow: Collection[str] = (),
) -> None:
    """Plant faults, each with the alert that it raises; wait for that, heal all, and wait again.

    may_follow: what may be told of until the last program is back, and not while the fault lasts.
    """
    told, others = platform.told, OF_BUSY_MACHINES - set(planted)
    platform.until_quiet(others)
    with ExitStack() as faults:
        for fault in planted.values():
            faults.enter_context(fault)
        until(lambda: set(planted) <= told.begun(), _PATIENCE_S, platform.say, pause=0.5)
        assert told.begun() - others == set(planted)
    until(lambda: set(planted) <= told.over(), _PATIENCE_S, platform.say, pause=0.5)
    assert told.begun() - others - set(may_follow) == set(planted)


def test_each_fault_is_told_as_what_it_is_and_so_is_its_end(platform):
    _plant(
        platform,
        {
            "GPUCommonsQueueStuck": queue_stuck(platform),
            "GPUCommonsDexAway": dex_down(platform),
            "GPUCommonsGPUsDown": node_lost(platform),
            "GPUCommonsCullerBlind": culler_blind(platform),
            "GPUCommonsBackupLate": backup_late(platform),
            "GPUCommonsGPUFaulty": said_by_others(platform, GPU_FAULTY),
            "GPUCommonsVolumeFull": said_by_others(platform, VOLUME_FULL),
            "GPUCommonsHomeFull": said_by_others(platform, HOME_FULL),
            "GPUCommonsTeamStorageNear": said_by_others(platform, QUOTA_NEAR),
            "GPUCommonsCertificateEnds": said_by_others(platform, certificate_near_its_end()),
        },
    )


def test_a_hub_that_is_down_is_told_alone(platform):
    """Without a hub the culler cannot look either. It comes back a moment after the hub, in which
    its own alert is held back no longer.
    """
    _plant(platform, {"GPUCommonsHubAway": hub_down(platform)}, {"GPUCommonsCullerAway"})


def test_an_api_server_that_is_slow_is_told(platform):
    _plant(platform, {"GPUCommonsAPIServerSlow": api_server_slow(platform)})


def test_a_full_database_of_accounting_is_told(platform):
    """Last: the warning of an objective goes on for hours, as it is about the month."""
    _plant(platform, {"GPUCommonsAccountingBehind": database_full(platform)})


def test_only_times_of_rules_are_shortened():
    rules = {
        rule["alert"]: rule
        for group in hurried(groups().values())
        for rule in group["rules"]
        if "alert" in rule
    }
    assert set(rules) == set(alerts())
    assert rules["GPUCommonsHubAway"]["for"] == f"{180_000 // FACTOR}ms"
    assert f"> {300 // FACTOR}" in rules["GPUCommonsCullerAway"]["expr"]
    assert "< 0.1" in rules["GPUCommonsVolumeFull"]["expr"]
    assert "== 79" in rules["GPUCommonsGPUFaulty"]["expr"]
    assert all(rule["annotations"]["runbook_url"].startswith(RUNBOOKS) for rule in rules.values())
