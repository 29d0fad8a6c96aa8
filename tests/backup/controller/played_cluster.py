"""A real API server with the rights of an installation, where tests play scheduler and kubelet."""

import base64
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from gpucommons_backup.controller.pod import pod_manifest
from gpucommons_backup.controller.settings import Settings
from gpucommons_backup.controller.watching.claims import Workspace
from gpucommons_backup.controller.watching.due import Due
from gpucommons_backup.taking import Report
from gpucommons_contract import Annotation
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import program

from tests.hub.kubernetes import APIServer
from tests.waiting import until

BACKUP = "system:serviceaccount:gpucommons:backup"
HUB = "system:serviceaccount:gpucommons:hub"
IMAGE = "example.org/gpucommons/backup:1"
TEAM = "team-vision"
NOW = datetime(2026, 11, 30, tzinfo=UTC)
RECORDS = "/api/v1/namespaces/gpucommons/secrets/workspace-repositories"
ADA, POD = "workspace-ada", "snapshot-workspace-ada"
REPORT = Report("ab" * 32, is_new=True, files=12, size=3400)
_PODS = f"/api/v1/namespaces/{TEAM}/pods"
_CLAIMS = f"/api/v1/namespaces/{TEAM}/persistentvolumeclaims"
_SECRETS = f"/api/v1/namespaces/{TEAM}/secrets"
SETTINGS = f"""\
store: rest:http://store.example.org:8000/
credentials: login.yaml
image: {IMAGE}
schedule: {{quiet_seconds: 0}}
"""
LOGIN = "RESTIC_REST_USERNAME: snapshots\nRESTIC_REST_PASSWORD: of the store\n"


class PlayedCluster(APIServer):
    """With the team vision, whose namespace takes "restricted" pods alone."""

    def __init__(self, folder: Path):
        super().__init__(folder, accounts=(BACKUP, HUB))

    def start(self) -> None:
        super().start()
        self.kubectl("apply", "--server-side", "-k", str(checkout() / "cluster" / "base"))
        self.kubectl("apply", "--server-side", "-k", str(checkout() / "cluster" / "backup"))
        labels = {
            "gpucommons.io/team": "vision",
            "pod-security.kubernetes.io/enforce": "restricted",
        }
        self.post("/api/v1/namespaces", {"metadata": {"name": TEAM, "labels": labels}})
        settings = {"backup.yaml": SETTINGS, "image": IMAGE}
        self.post(
            "/api/v1/namespaces/gpucommons/configmaps",
            {"metadata": {"name": "backup"}, "data": settings},
        )
        until(self._policies_are_in_force)

    def _policies_are_in_force(self) -> bool:
        """Whether the controller may make a pod of its own and none of others: it takes a while."""
        due = Due(Workspace((TEAM, "x"), "1", "vision", "x", NOW), "ended", NOW)
        own = pod_manifest(due, Settings(store="rest:http://store/", image=IMAGE))
        another = {**own, "metadata": {**own["metadata"], "name": "another"}}
        secret = {"apiVersion": "v1", "kind": "Secret"}
        others = {**secret, "metadata": {"name": "another", "namespace": TEAM}}
        create = ("create", "--dry-run=server", "-f", "-")
        codes = [
            self.try_kubectl(*create, user=BACKUP, given=yaml_of(each)).returncode
            for each in (own, another, others)
        ]
        return [code == 0 for code in codes] == [True, False, False]

    def kubectl(self, *arguments: str, user: str | None = None, given: str | None = None) -> str:
        done = self.try_kubectl(*arguments, user=user, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def try_kubectl(
        self, *arguments: str, user: str | None = None, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        kubeconfig = self.kubeconfig_of(user) if user else self.kubeconfig
        command = [str(program("kubectl")), "--kubeconfig", str(kubeconfig), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, input=given)

    # What people and the hub do

    def add_claim(
        self,
        name: str,
        mode: str = "ReadWriteOnce",
        component: str = "singleuser-storage",
        **notes: str,
    ) -> None:
        """A workspace as the hub makes it. notes: annotations by the names of `Annotation`."""
        annotations = {Annotation[key.upper()]: value for key, value in notes.items()}
        self.post(
            _CLAIMS,
            {
                "metadata": {
                    "name": name,
                    "labels": {"component": component},
                    "annotations": {"hub.jupyter.org/username": name, **annotations},
                },
                "spec": {
                    "accessModes": [mode],
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            },
        )

    def start_session(self, claim: str, node: str | None = "one") -> str:
        """A session's pod; without a node it is not scheduled yet."""
        secure = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
        closed = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        spec = {
            "securityContext": secure,
            "containers": [{"name": "notebook", "image": "x", "securityContext": closed}],
            "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": claim}}],
        }
        name = f"jupyter-{claim}"
        labels = {"component": "singleuser-server"}
        self.post(_PODS, {"metadata": {"name": name, "labels": labels}, "spec": spec})
        if node:
            self.place(name, node)
            self.say(name, {"phase": "Running"})
        return name

    def end_session(self, claim: str) -> None:
        self.delete(f"{_PODS}/jupyter-{claim}")

    # What scheduler and kubelet do

    def place(self, pod: str, node: str) -> None:
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        self.post(f"{_PODS}/{pod}/binding", {"metadata": {"name": pod}, "target": target})

    def say(self, pod: str, status: dict) -> None:
        """Set the status of a pod, as its node does."""
        self.patch(f"{_PODS}/{pod}/status", {"status": status})

    def finish(self, pod: str, report: Report | str, code: int = 0) -> None:
        """End a pod's program with what it leaves in its termination log."""
        message = report if isinstance(report, str) else report.to_json()
        self.end_pod(pod, {"exitCode": code, "message": message}, "Failed" if code else "Succeeded")

    def end_pod(self, pod: str, terminated: dict, phase: str = "Failed", **more: str) -> None:
        state = {"terminated": {"startedAt": None, "finishedAt": None, **terminated}}
        container = {
            "name": "snapshot",
            "image": IMAGE,
            "imageID": "",
            "ready": False,
            "restartCount": 0,
            "state": state,
        }
        self.say(pod, {"phase": phase, "containerStatuses": [container], **more})

    # What there is

    def notes(self, claim: str) -> dict[str, str]:
        """The annotations of a claim, by our names without their prefix."""
        found = self.get(f"{_CLAIMS}/{claim}")["metadata"]["annotations"]
        return {key.removeprefix("gpucommons.io/"): value for key, value in found.items()}

    def annotate(self, claim: str, note: Annotation, value: str | None) -> None:
        self.patch(f"{_CLAIMS}/{claim}", {"metadata": {"annotations": {note: value}}})

    def snapshot_pods(self) -> dict[str, dict]:
        found = self.get(f"{_PODS}?labelSelector=component%3Dsnapshot")["items"]
        return {each["metadata"]["name"]: each for each in found}

    def secrets(self) -> dict[str, dict[str, str]]:
        """The Secrets in the team's namespace, decoded."""
        found = self.get(_SECRETS)["items"]
        return {each["metadata"]["name"]: _decoded(each) for each in found}

    def records(self) -> dict[str, dict[str, str]]:
        """All repositories by their names."""
        found = (json.loads(each) for each in _decoded(self.get(RECORDS)).values())
        return {each["name"]: each for each in found}

    def clear(self) -> None:
        """Take away all that tests have made in the team's namespace, and the records."""
        for kind in (_PODS, _SECRETS, _CLAIMS):
            for each in self.get(kind)["items"]:
                path = f"{kind}/{each['metadata']['name']}"
                if each["metadata"].get("finalizers"):
                    self.patch(path, {"metadata": {"finalizers": None}})
                self.delete(path)
        self.delete(RECORDS)


def _decoded(secret: dict) -> dict[str, str]:
    data = secret.get("data") or {}
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


AN_HOUR_AGO = moment(datetime.now(UTC) - timedelta(hours=1))


def yaml_of(manifest: dict) -> str:
    return yaml.safe_dump(manifest)
