"""The rules of cluster/monitoring as Prometheus reads them, and promtool, which tries them."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from gpucommons_local.machine.cache import cache_folder
from reference_pages.project import ROOT

MONITORING = ROOT / "cluster" / "monitoring"

Rule = dict[str, Any]
Group = dict[str, Any]


@cache
def groups() -> dict[str, Group]:
    """Return all groups of rules by name."""
    found = {}
    for file in sorted(MONITORING.rglob("*.yaml")):
        for each in yaml.safe_load_all(file.read_text()):
            if each["kind"] == "PrometheusRule":
                found |= {group["name"]: group for group in each["spec"]["groups"]}
    return found


def alerts() -> dict[str, list[tuple[str, Rule]]]:
    """Return all alerts by name, each with its group; of objectives there are two of a name."""
    found: dict[str, list[tuple[str, Rule]]] = {}
    for name, group in groups().items():
        for rule in group["rules"]:
            if "alert" in rule:
                found.setdefault(rule["alert"], []).append((name, rule))
    return found


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool; skips the test where there is none."""
    program = shutil.which("promtool") or cache_folder() / "debian/prometheus/usr/bin/promtool"
    if not os.access(program, os.X_OK):
        pytest.skip("needs promtool, on the PATH or as the tests of Prometheus fetch it")
    command = [program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
