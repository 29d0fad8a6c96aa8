"""The metrics that our programs register, each in a registry of its own."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from gpucommons_accounting.database.store import Store
from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_accounting.web.budgets.balance_sheet import BalanceSheet
from gpucommons_accounting.web.metrics import AccountingMetrics
from gpucommons_accounting.web.site import Site
from gpucommons_backup.controller.metrics import Metrics as BackupMetrics
from gpucommons_backup.controller.repositories.sealing import RecoveryMetrics
from gpucommons_contract import TelemetryFrame, TelemetryState
from gpucommons_culler.core.metrics import Metrics as CullerMetrics
from gpucommons_culler.messages.outbox import MESSAGES
from gpucommons_doctor.checks.cluster.nodes import NodesReady
from gpucommons_doctor.finding import good
from gpucommons_doctor.metrics import as_metrics
from gpucommons_doctor.probe.metrics import ProbeMetrics
from gpucommons_doctor.runner import Result
from gpucommons_lab.gpu.metrics import GPUCollector
from gpucommons_sessions import accounting_outbox as _outbox  # noqa: F401 -- it registers some
from gpucommons_spawner.catalogue import live as _catalogue  # noqa: F401 -- as does this
from gpucommons_spawner.reconcile import reconciler as _reconciler  # noqa: F401 -- and this
from prometheus_client import REGISTRY, CollectorRegistry

from tests.unit.accounting.sessions import at
from tests.unit.lab.gpu.test_metrics import FULL

_NOW = at("2026-11-30T12:00")


class Registered(NamedTuple):
    """What is known of a metric: its name as Prometheus has it, its type, its labels."""

    name: str
    kind: str
    labels: frozenset[str]


def registered(folder: Path) -> dict[str, set[Registered]]:
    """Return the metrics of each part, by the heading of the page; folder is for a database."""
    backup = BackupMetrics()
    RecoveryMetrics(backup.registry)
    culler = CullerMetrics()
    culler.registry.register(MESSAGES)
    session = CollectorRegistry()
    frame = TelemetryFrame(time=0, state=TelemetryState.OK, interval=1, gpus=(FULL,))
    session.register(GPUCollector(lambda: frame))
    doctor = as_metrics([Result(NodesReady(), (good("All is well."),))], ended=0.0, took_s=0.0)
    return {
        "Hub": {each for each in registered_in(REGISTRY) if each.name.startswith("gpucommons_")}
        - _messages(),
        "Idle culler": set(registered_in(culler.registry)),
        "Accounting": set(registered_in(_accounting(folder))),
        "Controller of snapshots": set(registered_in(backup.registry)),
        "Start probe": set(registered_in(ProbeMetrics().registry)),
        "Sessions": set(registered_in(session)),
        "Checks": set(registered_in(doctor)),
    }


def _messages() -> set[Registered]:
    """Return what the culler counts for its whole process."""
    registry = CollectorRegistry()
    registry.register(MESSAGES)
    return set(registered_in(registry))


def _accounting(folder: Path) -> CollectorRegistry:
    store = Store(f"sqlite:///{folder / 'accounting.sqlite'}")
    store.open()
    store.beat(_NOW)
    sheet = BalanceSheet(store, Site(Calendar("UTC"), "EUR", 2), Decimal(4), lambda: _NOW)
    found = list(AccountingMetrics(store, sheet, lambda: _NOW).collect())
    store.close()

    class Read:
        def collect(self):
            return found

    registry = CollectorRegistry()
    registry.register(Read())
    return registry


def registered_in(registry: CollectorRegistry) -> Iterator[Registered]:
    """Yield what a registry has."""
    for collector in list(registry._collector_to_names):
        for metric in collector.collect():
            own = getattr(collector, "_labelnames", None) or getattr(metric, "_labelnames", None)
            labels = own or {key for sample in metric.samples for key in sample.labels} - {"le"}
            name = f"{metric.name}_total" if metric.type == "counter" else metric.name
            yield Registered(name, metric.type, frozenset(labels))
