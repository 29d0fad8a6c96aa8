"""A real Kubernetes API server with its etcd, and nothing else of a cluster.

What scheduler and kubelet would do to a pod, ``node.py`` does.
"""

import secrets
from pathlib import Path

import httpx
import yaml
from gpucommons_contract import Annotation, Label, team_namespace
from gpucommons_local.programs import program

from ..processes import Program, free_port

VISION, ASTRO = team_namespace("vision"), team_namespace("astro")


class Etcd(Program):
    def __init__(self, folder: Path):
        self.url = f"http://127.0.0.1:{free_port()}"
        peer = f"http://127.0.0.1:{free_port()}"
        command = [
            str(program("etcd")),
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={self.url}",
            f"--advertise-client-urls={self.url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        ]
        super().__init__(command, f"{self.url}/health", folder / "etcd.log", {})


class APIServer(Program):
    """The API server at ``url``; whoever has ``token`` may do everything."""

    def __init__(self, folder: Path, etcd: Etcd):
        port = free_port()
        self.url = f"https://127.0.0.1:{port}"
        self.token = secrets.token_hex(16)
        self.kubeconfig = folder / "kubeconfig"
        self.client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token}"},
            verify=False,
            timeout=30,
        )
        _make_key(folder / "accounts.key")
        (folder / "tokens.csv").write_text(f"{self.token},tester,1,system:masters\n")
        self.kubeconfig.write_text(yaml.safe_dump(self._kubeconfig()))
        command = [
            str(program("kube-apiserver")),
            f"--etcd-servers={etcd.url}",
            f"--secure-port={port}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={folder / 'certificates'}",
            f"--token-auth-file={folder / 'tokens.csv'}",
            "--authorization-mode=AlwaysAllow",
            "--anonymous-auth=true",
            "--service-account-issuer=https://127.0.0.1",
            f"--service-account-key-file={folder / 'accounts.key'}",
            f"--service-account-signing-key-file={folder / 'accounts.key'}",
            "--service-cluster-ip-range=10.7.0.0/24",
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
        ]
        super().__init__(command, f"{self.url}/readyz", folder / "api-server.log", {})

    def start(self) -> None:
        super().start()
        self.add_team("vision", {Annotation.DISPLAY_NAME: "Computer vision"})
        self.add_team("astro", {Annotation.STORAGE_CLASS: "fast"})

    def stop(self) -> None:
        self.client.close()
        super().stop()

    def add_team(self, name: str, annotations: dict[str, str] | None = None) -> str:
        """Make a team's namespace, in which Pod Security takes only "restricted" pods."""
        metadata = {
            "name": team_namespace(name),
            "labels": {Label.TEAM: name, "pod-security.kubernetes.io/enforce": "restricted"},
            "annotations": annotations or {},
        }
        self.post("/api/v1/namespaces", {"metadata": metadata})
        return metadata["name"]

    def pods(self) -> list[dict]:
        return self.get("/api/v1/pods")["items"]

    def claims(self, namespace: str) -> dict[str, dict]:
        """The workspaces of a namespace by name."""
        found = self.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims")["items"]
        return {claim["metadata"]["name"]: claim for claim in found}

    def get(self, path: str) -> dict:
        return self._done(self.client.get(path))

    def post(self, path: str, body: dict) -> dict:
        return self._done(self.client.post(path, json=body))

    def patch(self, path: str, body: dict) -> dict:
        kind = {"Content-Type": "application/merge-patch+json"}
        return self._done(self.client.patch(path, json=body, headers=kind))

    def delete(self, path: str) -> None:
        self.client.request("DELETE", path, json={"gracePeriodSeconds": 0})

    def _answers(self) -> bool:
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def _done(self, answer: httpx.Response) -> dict:
        assert answer.is_success, answer.text
        return answer.json()

    def _kubeconfig(self) -> dict:
        cluster = {"server": self.url, "insecure-skip-tls-verify": True}
        context = {"cluster": "test", "user": "test"}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": self.token}}],
            "contexts": [{"name": "test", "context": context}],
        }


def _make_key(file: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
