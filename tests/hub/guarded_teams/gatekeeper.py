"""Gatekeeper's templates and constraints of a guarded team, and the real Gatekeeper."""

import base64
from collections.abc import Iterable
from pathlib import Path

import httpx
import yaml
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.certificates import CertificateFiles, make_certificates
from gpucommons_local.machine.test_programs import (
    GATEKEEPER,
    gatekeeper_chart,
    test_program,
)

from ..processes import Program, free_port
from .cluster import GuardedCluster, constraints
from .objects import Body
from .request import BATCH

_FOLDER = checkout() / "cluster" / "policies-gatekeeper"
_VALUES = checkout() / "helm-values" / "gatekeeper" / "base.yaml"
_WEBHOOK = "gatekeeper-validating-webhook-configuration"
_AUDIT_INTERVAL_S = 2


def rules(folder: Path) -> dict[str, tuple[Body, Body]]:
    """Templates and constraints by the name of the policy.

    The program of the site's own is named in the constraints, as the guide says.
    """
    made = list(yaml.safe_load_all(constraints(folder, "--gatekeeper")))
    for name in ("templates", "constraints"):
        made += yaml.safe_load_all((_FOLDER / f"{name}.yaml").read_text())
    templates = {
        each["spec"]["crd"]["spec"]["names"]["kind"]: each
        for each in made
        if each["kind"] == "ConstraintTemplate"
    }
    found = {}
    for each in made:
        if each["kind"] in templates:
            if "useGPUs" in each["spec"]["parameters"]:
                each["spec"]["parameters"]["useGPUs"] = [BATCH]
            found[each["metadata"]["name"]] = (templates[each["kind"]], each)
    assert len(found) == len(templates)
    return found


class Gatekeeper(Program):
    """Its webhook and its audit, for an API server, as one process outside of the cluster."""

    WEBHOOK = f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{_WEBHOOK}"
    start_limit_s = 180

    def __init__(self, folder: Path, api: GuardedCluster):
        self._api = api
        self._certificates = CertificateFiles(folder / "gatekeeper-certificates")
        self._certificates.folder.mkdir()
        make_certificates(self._certificates)
        for name, file in (("tls.crt", "server.crt"), ("tls.key", "server.key")):
            (self._certificates.folder / name).symlink_to(file)
        (folder / "audit").mkdir()
        self._port, health, self._metrics = free_port(), free_port(), free_port()
        operations = ("webhook", "audit", "status", "generate")
        command = [
            str(test_program(GATEKEEPER)),
            "--debug-use-fake-pod",
            "--disable-cert-rotation",
            f"--cert-dir={self._certificates.folder}",
            "--host=127.0.0.1",
            f"--port={self._port}",
            f"--health-addr=127.0.0.1:{health}",
            f"--prometheus-port={self._metrics}",
            f"--audit-interval={_AUDIT_INTERVAL_S}",
            "--audit-match-kind-only",
            f"--api-cache-dir={folder / 'audit'}",
            "--shutdown-delay=0",
            *(f"--operation={each}" for each in operations),
        ]
        environment = {
            "KUBECONFIG": str(api.kubeconfig),
            "POD_NAMESPACE": "gatekeeper-system",
            "POD_NAME": "gatekeeper-fake",
        }
        ready = f"http://127.0.0.1:{health}/readyz"
        super().__init__(command, ready, folder / "gatekeeper.log", environment)

    def start(self) -> None:
        """Start it, with the kinds that its chart brings."""
        api = self._api
        api.post("/api/v1/namespaces", {"metadata": {"name": "gatekeeper-system"}})
        api.kubectl("apply", "--server-side", "-f", str(gatekeeper_chart() / "crds"))
        api.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        super().start()

    def asked_by_the_api_server(self) -> None:
        """Have the API server ask it, as its chart does with the values in helm-values."""
        values = yaml.safe_load(_VALUES.read_text())
        webhook = {
            "name": "validation.gatekeeper.sh",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {
                "url": f"https://127.0.0.1:{self._port}/v1/admit",
                "caBundle": base64.b64encode(self._certificates.authority.read_bytes()).decode(),
            },
            "failurePolicy": values["validatingWebhookFailurePolicy"],
            "matchPolicy": "Exact",
            "namespaceSelector": {
                "matchExpressions": [{"key": "gpucommons.io/team", "operator": "Exists"}]
            },
            "rules": values["validatingWebhookCustomRules"],
            "sideEffects": "None",
            "timeoutSeconds": 30,
        }
        path = self.WEBHOOK.rpartition("/")[0]
        self._api.post(path, {"metadata": {"name": _WEBHOOK}, "webhooks": [webhook]})

    def metrics(self) -> set[str]:
        """Names of what it measures."""
        text = httpx.get(f"http://127.0.0.1:{self._metrics}/metrics").text
        lines: Iterable[str] = (line for line in text.splitlines() if not line.startswith("#"))
        return {line.partition("{")[0].partition(" ")[0] for line in lines}
