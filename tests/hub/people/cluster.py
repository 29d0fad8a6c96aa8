"""An API server that asks RBAC, with the rights of an installation, and a Dex that uses it."""

import base64
import json
import subprocess
from pathlib import Path

import httpx
import yaml
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.programs import program

from ..kubernetes import APIServer
from ..processes import Program, free_port

HUB = "system:serviceaccount:gpucommons:hub"
PEOPLE = "system:serviceaccount:gpucommons:people"
TUNNEL = "system:serviceaccount:gpucommons-private-access:private-access"
NOBODY = "system:serviceaccount:gpucommons:nobody"
"""An account that nothing was granted to."""
DEX_NAMESPACE = "dex"


class ClusterWithRights(APIServer):
    """The API server; `kubeconfig_of` is how one of the service accounts uses it."""

    def __init__(self, folder: Path):
        super().__init__(folder, accounts=(HUB, PEOPLE, TUNNEL, NOBODY))

    def start(self) -> None:
        super().start()
        for part in ("base", "private-access"):
            self.kubectl("apply", "--server-side", "-k", str(checkout() / "cluster" / part))

    def kubectl(self, *arguments: str, user: str | None = None, given: str | None = None) -> str:
        """Run kubectl as the tester, or as a service account; gives what it printed."""
        kubeconfig = self.kubeconfig_of(user) if user else self.kubeconfig
        command = [str(program("kubectl")), "--kubeconfig", str(kubeconfig), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, input=given)
        assert done.returncode == 0, done.stderr
        return done.stdout


class KubernetesDex(Program):
    """Dex with its state in the cluster; passwords can be tried without a browser."""

    _CLIENT = "tests"

    def __init__(self, folder: Path, api: ClusterWithRights):
        self._api = api
        self.client_secret = "secret"
        self._file = folder / "dex.json"
        address = f"127.0.0.1:{free_port()}"
        self.issuer = f"http://{address}/dex"
        kubeconfig = api.kubeconfig_with(api.token)
        kubeconfig["contexts"][0]["context"]["namespace"] = DEX_NAMESPACE
        certificate = (folder / "certificates" / "apiserver.crt").read_bytes()
        kubeconfig["clusters"][0]["cluster"] = {
            "server": api.url,
            "certificate-authority-data": base64.b64encode(certificate).decode(),
        }
        (folder / "dex.kubeconfig").write_text(yaml.safe_dump(kubeconfig))
        storage = {"kubeConfigFile": str(folder / "dex.kubeconfig")}
        client = {"id": self._CLIENT, "secret": self.client_secret, "name": "x", "redirectURIs": []}
        config = {
            "issuer": self.issuer,
            "storage": {"type": "kubernetes", "config": storage},
            "web": {"http": address},
            "oauth2": {"skipApprovalScreen": True, "passwordConnector": "local"},
            "staticClients": [client],
            "enablePasswordDB": True,
        }
        self._file.write_text(json.dumps(config))
        command = [str(program("dex")), "serve", str(self._file)]
        super().__init__(command, f"{self.issuer}/healthz", folder / "dex.log", {})

    def start(self) -> None:
        """Start, again if the API server did not serve Dex's new kinds yet: Dex ends then."""
        try:
            super().start()
        except AssertionError:
            if "failed to list connector objects" not in self.text():
                raise
            served = "--for=condition=Established"
            self._api.kubectl("wait", served, "crd", "--all", "--timeout=60s")
            super().start()

    def restart_with(self, client_secret: str) -> None:
        """Start it anew with another secret of its client."""
        config = json.loads(self._file.read_text())
        config["staticClients"][0]["secret"] = self.client_secret = client_secret
        self._file.write_text(json.dumps(config))
        self.stop()
        self.start()

    def sign_in(self, user: str, password: str) -> httpx.Response:
        """Ask for tokens with a password; the answer holds a refresh token too."""
        scope = "openid email groups offline_access"
        form = {"grant_type": "password", "username": user, "password": password, "scope": scope}
        return self._token(form)

    def renew(self, refresh_token: str) -> httpx.Response:
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def _token(self, form: dict[str, str]) -> httpx.Response:
        client = (self._CLIENT, self.client_secret)
        return httpx.post(f"{self.issuer}/token", data=form, auth=client, timeout=60)


def claim(owner: str) -> dict[str, object]:
    """A workspace, as the hub makes it at somebody's first start."""
    return {
        "metadata": {
            "name": f"workspace-{owner.partition('@')[0]}",
            "labels": {"component": "singleuser-storage"},
            "annotations": {"hub.jupyter.org/username": owner},
        },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "5Gi"}},
        },
    }
