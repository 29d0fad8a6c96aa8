"""The page of metrics has each that a program registers, and no other."""

import re

from prometheus_client import CollectorRegistry, Gauge
from reference_pages.project import ROOT

from .registered import Registered, registered, registered_in

_PAGE = ROOT / "docs" / "reference" / "metrics.md"
_ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([^|]*)\| ([^|]+) \| [^|]*\|$", re.MULTILINE)
_MAKES = re.compile(r"^(?!.*collections).*import .*\b(Gauge|Counter|Histogram|Summary|Metric)\b")
_MAKERS = {
    "accounting/gpucommons_accounting/web/budgets/metrics.py",
    "accounting/gpucommons_accounting/web/metrics.py",
    "backup/gpucommons_backup/controller/metrics.py",
    "backup/gpucommons_backup/controller/repositories/sealing.py",
    "doctor/gpucommons_doctor/metrics.py",
    "doctor/gpucommons_doctor/probe/metrics.py",
    "idle_culler/gpucommons_culler/core/metrics.py",
    "idle_culler/gpucommons_culler/messages/outbox.py",
    "lab_extension/gpucommons_lab/gpu/metrics.py",
    "sessions/gpucommons_sessions/accounting_outbox.py",
    "spawner/gpucommons_spawner/catalogue/live.py",
    "spawner/gpucommons_spawner/reconcile/reconciler.py",
}
"""Modules that make metrics; `registered` asks each of them."""


def _listed() -> dict[str, set[Registered]]:
    _, *sections = re.split(r"^## ", _PAGE.read_text(), flags=re.MULTILINE)
    return {
        section.partition("\n")[0]: {
            Registered(name, kind, frozenset(re.findall(r"`(\w+)`", labels)))
            for name, kind, labels, _unit in _ROW.findall(section)
        }
        for section in sections
    }


def test_the_page_lists_the_metrics_of_each_part_with_type_and_labels(tmp_path):
    assert _listed() == registered(tmp_path)


def test_every_row_of_the_page_is_read():
    rows = [line for line in _PAGE.read_text().splitlines() if line.startswith("| `gpucommons_")]
    assert len(rows) == sum(map(len, _listed().values()))


def test_a_metric_beside_the_page_would_be_seen():
    registry = CollectorRegistry()
    Gauge("gpucommons_new_seconds", "New.", ("team",), registry=registry)
    assert set(registered_in(registry)) == {
        Registered("gpucommons_new_seconds", "gauge", frozenset({"team"}))
    }


def test_every_module_that_makes_metrics_is_asked():
    files = [file for file in ROOT.glob("*/gpucommons_*/**/*.py") if "/build/" not in str(file)]
    found = {
        str(file.relative_to(ROOT))
        for file in files
        for line in file.read_text().splitlines()
        if "prometheus_client" in line and _MAKES.match(line)
    }
    assert found == _MAKERS
