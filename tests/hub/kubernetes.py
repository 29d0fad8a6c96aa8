"""A real Kubernetes API server with its etcd, and nothing else of a cluster."""

import secrets
from pathlib import Path

import httpx
import yaml
from gpucommons_local.machine.programs import program

from tests.waiting import until

from .processes import Program, free_port

_BUSY = 429


class APIServer(Program):
    """The API server at ``url``; whoever has ``token`` may do everything.

    accounts: the service accounts of namespace gpucommons that have a token too. What they
    may do RBAC says; without any, everybody may do everything.
    """

    def __init__(self, folder: Path, accounts: tuple[str, ...] = ()):
        self._folder = folder
        self._etcd = _Etcd(folder)
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.token = secrets.token_hex(16)
        self._tokens = {name: secrets.token_hex(16) for name in accounts}
        self.kubeconfig = folder / "kubeconfig"
        self.client = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.token}"},
            verify=False,
            timeout=60,
        )
        _make_key(folder / "accounts.key")
        self._write_tokens(folder / "tokens.csv")
        self.kubeconfig.write_text(yaml.safe_dump(self.kubeconfig_with(self.token)))
        command = [
            str(program("kube-apiserver")),
            f"--etcd-servers={self._etcd.url}",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            f"--cert-dir={folder / 'certificates'}",
            f"--token-auth-file={folder / 'tokens.csv'}",
            f"--authorization-mode={'RBAC' if accounts else 'AlwaysAllow'}",
            "--anonymous-auth=true",
            "--service-account-issuer=https://127.0.0.1",
            f"--service-account-key-file={folder / 'accounts.key'}",
            f"--service-account-signing-key-file={folder / 'accounts.key'}",
            "--service-cluster-ip-range=10.7.0.0/24",
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
        ]
        super().__init__(command, f"{self.url}/readyz", folder / "api-server.log", {})

    def start(self) -> None:
        self._etcd.start()
        super().start()

    def stop(self) -> None:
        self.client.close()
        super().stop()
        self._etcd.stop()

    def move(self) -> None:
        """End as in a power cut, and come up at another port with all that there was."""
        self.kill()
        before, self.port = self.port, free_port()
        self.command = [each.replace(f"={before}", f"={self.port}") for each in self.command]
        self.url = f"https://127.0.0.1:{self.port}"
        self.client.base_url = self.url
        self.kubeconfig.write_text(yaml.safe_dump(self.kubeconfig_with(self.token)))
        super().start()

    def get(self, path: str) -> dict:
        return self._done("GET", path)

    def post(self, path: str, body: dict) -> dict:
        return self._done("POST", path, json=body)

    def patch(self, path: str, body: dict) -> dict:
        kind = {"Content-Type": "application/merge-patch+json"}
        return self._done("PATCH", path, json=body, headers=kind)

    def patch_as(self, account: str, path: str, body: dict) -> str:
        """Change an object as an account; what the API server says, empty if it was done."""
        kind = {"Content-Type": "application/merge-patch+json"}
        kind["Authorization"] = f"Bearer {self._tokens[account]}"
        answer = self._answer("PATCH", path, json=body, headers=kind)
        return "" if answer.is_success else str(answer.json()["message"])

    def delete(self, path: str) -> None:
        self._answer("DELETE", path, json={"gracePeriodSeconds": 0})

    def kubeconfig_of(self, account: str) -> Path:
        """A file by which a program acts as one of the accounts."""
        file = self._folder / f"{account.rpartition(':')[2]}.kubeconfig"
        file.write_text(yaml.safe_dump(self.kubeconfig_with(self._tokens[account])))
        return file

    def token_of(self, account: str) -> str:
        """The token of one of the accounts."""
        return self._tokens[account]

    def kubeconfig_with(self, token: str) -> dict:
        cluster = {"server": self.url, "insecure-skip-tls-verify": True}
        context = {"cluster": "test", "user": "test"}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": context}],
        }

    def _write_tokens(self, file: Path) -> None:
        groups = "system:serviceaccounts,system:serviceaccounts:gpucommons"
        lines = [f"{self.token},tester,1,system:masters"]
        lines += [
            f'{token},{name},{number},"{groups}"'
            for number, (name, token) in enumerate(self._tokens.items(), start=2)
        ]
        file.write_text("\n".join(lines) + "\n")

    def _answers(self) -> bool:
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def _answer(self, method: str, path: str, **more) -> httpx.Response:
        """Ask, and ask again what the server has no time for now, as every client of it does."""

        def ask() -> httpx.Response | None:
            answer = self.client.request(method, path, **more)
            return None if answer.status_code == _BUSY else answer

        return until(ask)

    def _done(self, method: str, path: str, **more) -> dict:
        answer = self._answer(method, path, **more)
        if answer.status_code == 404:
            raise LookupError(answer.text)
        assert answer.is_success, answer.text
        return answer.json()


class KubernetesProgram(Program):
    """A part of the control plane beside the API server, such as ``kube-scheduler``."""

    def __init__(self, name: str, folder: Path, kubeconfig: Path, *options: str):
        port = free_port()
        ways = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
        command = [
            str(program(name)),
            *(f"--{way}={kubeconfig}" for way in ways),
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            "--leader-elect=false",
            *options,
        ]
        super().__init__(command, f"https://127.0.0.1:{port}/healthz", folder / f"{name}.log", {})

    def _answers(self) -> bool:
        return "Serving securely" in self.text()


class _Etcd(Program):
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
