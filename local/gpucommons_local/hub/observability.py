"""Prometheus and Alertmanager beside the platform, for whoever wants to see its metrics and alerts.

They are Debian's own, those that the tests use, with the rules of ``cluster/monitoring``. Nobody is
told of an alert: it is on Alertmanager's page.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import NODE_ADDRESS, Instance
from gpucommons_local.machine.packages import ALERT_SERVER, METRICS_SERVER, unpacked
from gpucommons_local.machine.secrets import Secrets
from gpucommons_local.machine.supervision import Program

SERVICE = "prometheus"
"""The hub's service whose token may read its metrics."""
DEX_METRICS = "127.0.0.1:5558"
_MONITORING = checkout() / "cluster" / "monitoring"
_PARTS = (".", "accounting", "backup")
"""Those that run here."""
_TARGETS = {
    "gpucommons-hub": f"{NODE_ADDRESS}:8081",
    "gpucommons-dex": DEX_METRICS,
    "gpucommons-idle-culler": f"{NODE_ADDRESS}:10101",
    "gpucommons-accounting": f"{NODE_ADDRESS}:10109",
    "gpucommons-backup": "127.0.0.1:10105",
}
"""By the jobs that the rules name."""
_TEMPLATES = "usr/share"
"""Where Debian's Alertmanager has templates of its own, without which it does not start."""
_IN_PLACE = f'mount --bind "$0" /{_TEMPLATES} && exec "$@"'


def metrics_service(secrets: Secrets) -> dict[str, object]:
    """Return the entry for the hub's list of services."""
    return {"name": SERVICE, "api_token": secrets.metrics_token}


def metrics_role() -> dict[str, object]:
    """Return the hub's role by which it may read metrics, and nothing else."""
    return {"name": SERVICE, "services": [SERVICE], "scopes": ["read:metrics"]}


def observability_programs(instance: Instance, secrets: Secrets) -> list[Program]:
    """Return both where they are asked for. Their packages must have been unpacked."""
    if not instance.observability:
        return []
    return [_alertmanager(instance), _prometheus(instance, secrets)]


def _prometheus(instance: Instance, secrets: Secrets) -> Program:
    folder = instance.state / "prometheus"
    rules = folder / "rules.yaml"
    configuration = {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": [str(rules)],
        "alerting": {"alertmanagers": [_static(f"127.0.0.1:{instance.alertmanager_port}")]},
        "scrape_configs": list(_scraped(instance, secrets)),
    }
    address = f"127.0.0.1:{instance.prometheus_port}"
    file = folder / "prometheus.yaml"
    return Program(
        "prometheus",
        [
            str(unpacked(METRICS_SERVER) / "usr/bin/prometheus"),
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
        ],
        _answers(address),
        files={
            file: yaml.safe_dump(configuration),
            rules: yaml.safe_dump({"groups": list(_groups())}),
        },
    )


def _alertmanager(instance: Instance) -> Program:
    folder = instance.state / "alertmanager"
    file = folder / "alertmanager.yaml"
    configuration = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
    address = f"127.0.0.1:{instance.alertmanager_port}"
    files = unpacked(ALERT_SERVER)
    return Program(
        "alertmanager",
        [
            *("unshare", "--mount", "sh", "-c", _IN_PLACE, str(files / _TEMPLATES)),
            str(files / "usr/bin/prometheus-alertmanager"),
            f"--config.file={file}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ],
        _answers(address),
        files={file: yaml.safe_dump(configuration)},
    )


def _answers(address: str) -> tuple[str, ...]:
    return ("curl", "-fsS", "-m", "5", "-o", "/dev/null", f"http://{address}/-/ready")


def _scraped(instance: Instance, secrets: Secrets) -> Iterator[dict[str, Any]]:
    for job, target in _TARGETS.items():
        made: dict[str, Any] = {
            "job_name": job,
            "static_configs": [{"targets": [target], "labels": {"pod": job}}],
        }
        if job == "gpucommons-hub":
            made["metrics_path"] = "/hub/metrics"
            made["authorization"] = {"type": "token", "credentials": secrets.metrics_token}
        yield made
    certificates = instance.pki
    yield {
        "job_name": "apiserver",
        "scheme": "https",
        "tls_config": {
            "ca_file": str(certificates / "ca.crt"),
            "cert_file": str(certificates / "apiserver-kubelet-client.crt"),
            "key_file": str(certificates / "apiserver-kubelet-client.key"),
        },
        **_static(f"127.0.0.1:{instance.api_port}"),
    }


def _static(target: str) -> dict[str, Any]:
    return {"static_configs": [{"targets": [target]}]}


def _groups() -> Iterator[dict[str, Any]]:
    """Yield the groups of rules of the parts that run here."""
    for part in _PARTS:
        for file in sorted((_MONITORING / part).glob("*.yaml")):
            for each in yaml.safe_load_all(file.read_text()):
                if each["kind"] == "PrometheusRule":
                    yield from each["spec"]["groups"]
