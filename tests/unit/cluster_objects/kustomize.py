"""The objects that Kustomize makes of a folder of cluster/, and of an installation."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from reference_pages.project import ROOT

from tests.unit.kubectl import kustomized

CLUSTER = ROOT / "cluster"
ENVIRONMENTS = ("dev", "staging", "prod")
PARTS = ("base", "network-policies", "queue", "database", "idle-culler", "doctor")
"""What every overlay has."""
OPTIONAL = (
    "accounting", "gpu-processes", "backup", "backup-store", "earlier-files", "drain", "policies",
    "policies-gatekeeper", "probe",
    "monitoring", "monitoring/accounting", "monitoring/alertmanager", "monitoring/backup",
    "monitoring/dashboards", "monitoring/probe", "entrance", "entrance-gateway-api",
    "entrance-istio", "entrance-gateway-api/allow-list", "entrance-istio/allow-list",
    "private-access",
)  # fmt: skip
"""What an installation adds."""
MESH = ("mesh", "mesh/team")
"""What it adds where there is a mesh: for all, and for each team, without a namespace."""
COMPONENTS = ("database/accounting", "mesh/namespaces")
"""What an installation adds to a part."""

Object = dict[str, Any]


def made(folder: Path) -> list[Object]:
    """Return what `kubectl apply -k` would apply of a folder; raises if it cannot be made."""
    return [each for each in yaml.load_all(kustomized(folder), yaml.CSafeLoader) if each]


@cache
def _part(name: str) -> list[Object]:
    return made(CLUSTER / name)


def part(name: str) -> list[Object]:
    """Return the objects of one folder of cluster/, such as queue or overlays/prod."""
    return deepcopy(_part(name))


def overlay(environment: str) -> list[Object]:
    """Return the objects of an environment."""
    return part(f"overlays/{environment}")


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    """Return the objects of a kind."""
    return [each for each in objects if each["kind"] == kind]


def named(objects: list[Object], kind: str, name: str) -> Object:
    """Return the one object of a kind that has this name."""
    (found,) = (each for each in of_kind(objects, kind) if each["metadata"]["name"] == name)
    return found


def pod_template(workload: Object) -> Object:
    """Return what the pods of a Deployment, DaemonSet or CronJob are made of."""
    spec: Object = workload["spec"]
    template: Object = (spec.get("jobTemplate") or workload)["spec"]["template"]
    return template


def identity(each: Object) -> tuple[str, str, str]:
    """Return what tells an object from others: kind, namespace, name."""
    metadata = each["metadata"]
    return (each["kind"], metadata.get("namespace", ""), metadata["name"])
