"""The whole examination: which checks there are, and what the command does with them."""

import argparse
import asyncio
import time
from collections.abc import Sequence

from gpucommons_contract.formats.wording import joined
from gpucommons_people.clients.cluster import Cluster
from gpucommons_people.errors import InputError, PeopleError

from gpucommons_doctor.check import Check
from gpucommons_doctor.checks.accounting.listed import AccountingListed
from gpucommons_doctor.checks.accounting.prices import Prices
from gpucommons_doctor.checks.accounting.record import AccountingRecord
from gpucommons_doctor.checks.cluster.api_server import APIServer
from gpucommons_doctor.checks.cluster.kubernetes_version import KubernetesVersion
from gpucommons_doctor.checks.cluster.nodes import Clocks, NodesReady
from gpucommons_doctor.checks.cluster.storage import Storage
from gpucommons_doctor.checks.cluster.webhooks import Webhooks
from gpucommons_doctor.checks.gpus.dra import DRADevices
from gpucommons_doctor.checks.gpus.gpus import GPUs, Shares
from gpucommons_doctor.checks.gpus.runtime_classes import RuntimeClasses
from gpucommons_doctor.checks.gpus.sizes import SizesFit
from gpucommons_doctor.checks.hub.chart_values import ChartValues, Contradictions
from gpucommons_doctor.checks.hub.chart_version import ChartVersion
from gpucommons_doctor.checks.hub.dex import Dex
from gpucommons_doctor.checks.hub.hub_address import HubAddress
from gpucommons_doctor.checks.hub.programs import Programs
from gpucommons_doctor.checks.hub.rights import HubRights
from gpucommons_doctor.checks.snapshots.copies_and_tidying import SnapshotsCopied, SnapshotsTidied
from gpucommons_doctor.checks.snapshots.passwords import SnapshotPasswords
from gpucommons_doctor.checks.snapshots.policies import SnapshotPolicies
from gpucommons_doctor.checks.snapshots.settings import SnapshotSettings
from gpucommons_doctor.checks.snapshots.snapshots import SnapshotsTaken
from gpucommons_doctor.checks.teams.limit_ranges import LimitRanges
from gpucommons_doctor.checks.teams.pod_security import PodSecurity
from gpucommons_doctor.checks.teams.queue import Queue
from gpucommons_doctor.checks.teams.quota import TeamQuotas
from gpucommons_doctor.installation import Installation, read_installation
from gpucommons_doctor.metrics import as_metrics, deliver
from gpucommons_doctor.output import Output
from gpucommons_doctor.runner import SOUND, UNKNOWN, examine, exit_code

CHECKS: tuple[type[Check], ...] = (
    KubernetesVersion,
    NodesReady,
    Clocks,
    GPUs,
    Shares,
    SizesFit,
    DRADevices,
    RuntimeClasses,
    Storage,
    SnapshotsTaken,
    SnapshotsTidied,
    SnapshotsCopied,
    SnapshotPasswords,
    SnapshotPolicies,
    SnapshotSettings,
    PodSecurity,
    Queue,
    HubRights,
    TeamQuotas,
    LimitRanges,
    Webhooks,
    APIServer,
    Programs,
    AccountingListed,
    AccountingRecord,
    Prices,
    HubAddress,
    Dex,
    ChartVersion,
    ChartValues,
)
"""All checks, in the order in which they are shown."""


def run(arguments: argparse.Namespace, contradictions: Contradictions) -> int:
    """Run the command ``gpucommons doctor``; returns its exit code."""
    output = Output(json=arguments.json)
    try:
        chosen = choose(arguments.only, arguments.skip)
        if arguments.list:
            output.checks(chosen)
            return SOUND
        return asyncio.run(_examine(arguments, chosen, contradictions, output))
    except PeopleError as error:
        output.error(error)
        return UNKNOWN


def choose(only: Sequence[str], skip: Sequence[str]) -> tuple[type[Check], ...]:
    """Return the checks to run. Raises InputError that lists the names there are."""
    names = [each.name for each in CHECKS]
    if unheard := [each for each in (*only, *skip) if each not in names]:
        raise InputError(
            f"There is no check {joined(unheard, 'or')}. Checks are {', '.join(names)}."
        )
    chosen = tuple(
        each for each in CHECKS if each.name not in skip and (not only or each.name in only)
    )
    if not chosen:
        raise InputError("No check is left to run: --skip takes all that --only names.")
    return chosen


def made(
    chosen: Sequence[type[Check]], installation: Installation, contradictions: Contradictions
) -> list[Check]:
    """Give the chosen checks their settings."""
    sizes = installation.sizes
    checks: tuple[Check, ...] = (
        KubernetesVersion(sizes),
        NodesReady(),
        Clocks(),
        GPUs(sizes),
        Shares(sizes),
        SizesFit(sizes, installation.placement),
        DRADevices(sizes),
        RuntimeClasses(sizes),
        Storage(installation.storage_class),
        SnapshotsTaken(),
        SnapshotsTidied(),
        SnapshotsCopied(),
        SnapshotPasswords(),
        SnapshotPolicies(),
        SnapshotSettings(installation.backup),
        PodSecurity(),
        Queue(sizes, installation.queue),
        HubRights(installation.queue),
        TeamQuotas(sizes, queued=bool(installation.queue)),
        LimitRanges(sizes),
        Webhooks(),
        APIServer(),
        Programs(),
        AccountingListed(installation.values),
        AccountingRecord(installation.accounts),
        Prices(installation.accounts),
        HubAddress(installation.values),
        Dex(installation.issuer, installation.ca),
        ChartVersion(),
        ChartValues(installation.values, installation.catalogue_file, contradictions),
    )
    return [each for each in checks if type(each) in chosen]


async def _examine(
    arguments: argparse.Namespace,
    chosen: Sequence[type[Check]],
    contradictions: Contradictions,
    output: Output,
) -> int:
    if arguments.catalogue is None:
        raise InputError("Name the catalogue to check the cluster against: --catalogue FILE.")
    installation = read_installation(
        arguments.catalogue,
        arguments.values,
        queue=arguments.queue,
        storage_class=arguments.storage_class,
        issuer=arguments.issuer,
        ca=arguments.ca,
        backup=arguments.backup,
        accounts=arguments.accounts,
    )
    checks = made(chosen, installation, contradictions)
    begun = time.monotonic()
    async with Cluster.open(arguments.kubeconfig) as cluster:
        results = await examine(checks, cluster, arguments.timeout)
    output.results(results)
    metrics = as_metrics(results, time.time(), time.monotonic() - begun)
    problems = await asyncio.to_thread(deliver, metrics, arguments.metrics, arguments.push)
    output.problems(problems)
    return UNKNOWN if problems else exit_code(results)
