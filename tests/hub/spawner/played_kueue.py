"""Kueue, played: a webhook holds queued pods back, and a test lets them go or takes them away.

What a pod then looks like is what Kueue 0.18 was seen to make of it.
"""

import base64
import datetime
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .api_server import ClusterWithTeams

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
MANAGED = "kueue.x-k8s.io/managed"
_GATE = "kueue.x-k8s.io/admission"
_WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
_NAME = "kueue-mutating-webhook-configuration"


class PlayedKueue:
    """The webhook for pods, and what Kueue's controller does to them."""

    def __init__(self, api: ClusterWithTeams, folder: Path):
        self._api = api
        self._certificate = folder / "webhook.pem"
        _make_certificate(self._certificate)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Webhook)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever)

    def start(self) -> None:
        self._thread.start()
        self._register()

    def stop(self) -> None:
        self._api.delete(f"{_WEBHOOKS}/{_NAME}")
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def unregistered(self) -> Iterator[None]:
        """Let pods pass unseen, as with Kueue taken out of a cluster."""
        self._api.delete(f"{_WEBHOOKS}/{_NAME}")
        self._until(sees=False)
        try:
            yield
        finally:
            self._register()

    def _register(self) -> None:
        self._api.post(_WEBHOOKS, self._configuration(self._server.server_port))
        self._until(sees=True)

    def _until(self, *, sees: bool) -> None:
        """Wait until the API server has taken up what was changed: it does so with a delay."""
        metadata = {"name": "probe", "labels": {QUEUE_LABEL: "sessions"}}
        probe = {"metadata": metadata, "spec": {"containers": [{"name": "a", "image": "b"}]}}
        deadline = time.monotonic() + 120
        while True:
            made = self._api.post("/api/v1/namespaces/default/pods?dryRun=All", probe)
            if (MANAGED in made["metadata"]["labels"]) is sees:
                return
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def admit(self, pod: dict) -> None:
        """Let a pod go to the scheduler."""
        self._api.patch(_path(pod), {"spec": {"schedulingGates": None}})

    def preempt(self, pod: dict) -> None:
        """Take a session's GPU for one of higher priority."""
        condition = {
            "type": "TerminationTarget",
            "status": "True",
            "reason": "WorkloadEvictedDueToPreempted",
            "message": "Preempted to accommodate a workload",
            "lastTransitionTime": "2026-11-24T09:30:00Z",
        }
        self._api.patch(f"{_path(pod)}/status", {"status": {"conditions": [condition]}})
        self._tell(pod, "Stopped", "Preempted to accommodate a workload (UID: 1) due to priority")
        self._api.delete(_path(pod))

    def _tell(self, pod: dict, reason: str, message: str) -> None:
        metadata = pod["metadata"]
        about = {key: metadata[key] for key in ("namespace", "name", "uid")}
        event = {
            "metadata": {
                "namespace": metadata["namespace"],
                "name": f"{metadata['name']}.{metadata['uid']}",
            },
            "involvedObject": {"kind": "Pod", **about},
            "reason": reason,
            "action": reason,
            "message": message,
            "type": "Normal",
            "eventTime": datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z"),
            "reportingComponent": "pod-kueue-controller",
            "reportingInstance": "pod-kueue-controller-kueue-controller-manager-0",
        }
        self._api.post(f"/api/v1/namespaces/{metadata['namespace']}/events", event)

    def _configuration(self, port: int) -> dict:
        authority = base64.b64encode(self._certificate.read_bytes()).decode()
        rule = {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "resources": ["pods"],
            "operations": ["CREATE"],
        }
        webhook = {
            "name": "mpod.kb.io",
            "clientConfig": {"url": f"https://127.0.0.1:{port}/", "caBundle": authority},
            "rules": [rule],
            "objectSelector": {"matchExpressions": [{"key": QUEUE_LABEL, "operator": "Exists"}]},
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        return {"metadata": {"name": _NAME}, "webhooks": [webhook]}


class _Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)["request"]
        gates = request["object"]["spec"].get("schedulingGates", [])
        patch = [
            {"op": "add", "path": "/spec/schedulingGates", "value": [*gates, {"name": _GATE}]},
            {
                "op": "add",
                "path": f"/metadata/labels/{MANAGED.replace('/', '~1')}",
                "value": "true",
            },
        ]
        response = {
            "uid": request["uid"],
            "allowed": True,
            "patchType": "JSONPatch",
            "patch": base64.b64encode(json.dumps(patch).encode()).decode(),
        }
        review = {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": response,
        }
        answer = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args):
        pass


def _path(pod: dict) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _make_certificate(file: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kueue")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
