"""GPU Commons as a platform engineer installs it, on a local cluster that enforces policies."""

import ctypes
import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from gpucommons_local.images.installed import installed_images
from gpucommons_local.images.table import find
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import NODE_ADDRESS, Instance
from gpucommons_local.machine.node import enter_command
from gpucommons_local.machine.programs import program
from gpucommons_local.machine.toolchain import BIN

from tests.people import SignedIn
from tests.unit.helm_values.charts import EXAMPLE, merge, read, values
from tests.waiting import until

from .objects import DEX_PORT, HUB_PORT, NAMESPACE, database_objects, dex_objects, hub_objects

URL = f"http://{NODE_ADDRESS}:{HUB_PORT}"
ISSUER = f"http://{NODE_ADDRESS}:{DEX_PORT}/dex"
_CLONE_NEWNET = 0x40000000
_START_S = 600
"""As long as Helm waits in the tutorial."""
_ANSWERS = {
    "environment": "staging",
    "storage_class": "workspaces",
    "database_storage_class": "workspaces",
    "environments": ["scipy"],
    "whole_gpus": 2,
    "shared_gpus": 2,
    "shares": 4,
}


class Installation:
    """The folder that ``gpucommons init`` writes, and what is applied of it."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self._instance = instance
        self.folder = folder / "installation"
        self._images = {each.name: each.reference() for each in installed_images()}
        self._write_kubectl(folder)

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl as the cluster's administrator; gives its output."""
        command = [str(program("kubectl")), "--kubeconfig", str(self._instance.kubeconfig)]
        return _run([*command, *arguments], stdin=stdin, check=check)

    def apply(self, objects: list[Any]) -> None:
        """Apply objects on the server's side."""
        items = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("apply", "--server-side", "-f", "-", stdin=items)

    def gpucommons(self, *arguments: str) -> str:
        """Run a command on the node, from where hub and API server are reached."""
        return _run([enter_command(self._instance), str(BIN / "gpucommons"), *arguments])

    @contextmanager
    def network(self) -> Iterator[None]:
        """What this thread connects to meanwhile, it does from the node."""
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        node = self._instance.node_pid_file.read_text().strip()
        there = os.open(f"/proc/{node}/ns/net", os.O_RDONLY)
        try:
            _enter(there)
            yield
        finally:
            _enter(own)
            os.close(there)
            os.close(own)

    def sign_in(self, name: str) -> SignedIn:
        """Sign somebody in with the password of their handout. Only within `network`."""
        account = SimpleNamespace(username=name, password=self.password(name))
        return SignedIn(SimpleNamespace(url=URL, issuer=ISSUER, trusted=True), account)

    def password(self, name: str) -> str:
        """Read the first password from somebody's handout."""
        text = (self.folder / "handouts" / f"{name}.md").read_text()
        (word,) = [line.split("`")[1] for line in text.splitlines() if "| Password" in line]
        return word

    # The steps of docs/tutorial/install-on-your-cluster.md

    def write(self) -> None:
        """Answer the questions, and put images and addresses of this machine into the folder."""
        example = yaml.safe_load((EXAMPLE / "answers.yaml").read_text())
        clone = os.path.relpath(checkout(), self.folder)
        answers = self.folder.with_name("answers.yaml")
        answers.write_text(yaml.safe_dump({**example, **_ANSWERS, "clone": clone}))
        _run([str(BIN / "gpucommons"), "init", str(self.folder), "--answers", str(answers)])
        catalogue = self.folder / "catalogue.yaml"
        scipy = f"{example['registry']}/scipy:2026.11"
        catalogue.write_text(catalogue.read_text().replace(scipy, find("scipy").reference()))
        name, _, tag = self._images["hub"].rpartition(":")
        image = {"name": "gpucommons/hub", "newName": name, "newTag": tag}
        for part, policy in ((".", "idle-culler"), ("doctor", "doctor")):
            _change(
                self.folder / part / "kustomization.yaml",
                images=[image],
                patches=[_let_out(policy, self._instance.api_port, HUB_PORT, DEX_PORT, 5556)],
            )
        _change(
            self.folder / "people.yaml",
            address=URL,
            hub={"api_url": f"{URL}/hub/api", "token_file": "people-token"},
        )

    def apply_base(self) -> None:
        """Namespaces, accounts, rights, policies, the queue and the Secrets."""
        for part in ("base", "network-policies"):
            self.apply_folder(checkout() / "cluster" / part)
        self.apply_folder(self.folder / "queue")
        path = f"{self.folder.with_name('bin')}:{os.environ['PATH']}"
        script = str(self.folder / "secrets" / "make.sh")
        _run(["bash", script], env={**os.environ, "PATH": path})

    def secret(self, name: str, key: str) -> str:
        """Read one value of a Secret beside the hub."""
        template = f'{{{{index .data "{key}" | base64decode}}}}'
        return self.kubectl("-n", NAMESPACE, "get", "secret", name, "-o", f"go-template={template}")

    def apply_programs(self) -> None:
        """Database, Dex, hub, proxy, idle culler and the hourly checks; waits until they serve."""
        self.apply(database_objects(NODE_ADDRESS))
        own = {"config": {"issuer": ISSUER}}
        dex = merge(values("dex", "staging", self.folder), own)
        dex["config"]["staticClients"][0]["redirectURIs"] = [f"{URL}/hub/oauth_callback"]
        self.apply(dex_objects(self._images, dex))
        login = {"issuer": ISSUER, "oauth_callback_url": f"{URL}/hub/oauth_callback"}
        own = {"hub": {"config": {"DexOAuthenticator": login}}}
        hub = merge(values("jupyterhub", "staging", self.folder), own)
        self.apply(hub_objects(self._images, hub, secrets.token_hex(16)))
        self.apply_folder(self.folder)
        self.apply_folder(self.folder / "doctor")
        for namespace in (NAMESPACE, "dex"):
            until(
                partial(self._serves, namespace),
                seconds=_START_S,
                instead=lambda: self.kubectl("get", "events", "-A"),
            )

    def apply_folder(self, folder: Path) -> None:
        """Apply a folder with a kustomization."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(folder))

    def add_people(self, people: Mapping[str, str]) -> None:
        """Make the first team, and people in teams, by name."""
        (self.folder / "people-token").write_text(
            self.secret("gpucommons-hub", "hub.services.gpucommons-people.apiToken")
        )
        kubeconfig = yaml.safe_load(self._instance.kubeconfig.read_text())
        token = self.kubectl("-n", NAMESPACE, "create", "token", "people", "--duration", "24h")
        kubeconfig["users"][0]["user"] = {"token": token.strip()}
        (self.folder / "people.conf").write_text(yaml.safe_dump(kubeconfig))
        config = ("--config", str(self.folder / "people.yaml"))
        self.gpucommons("team", "apply", *config, "-f", str(self.folder / "teams.yaml"))
        for team in {*people.values()} - {"vision"}:
            self.gpucommons("team", "add", team, *config)
        for name, team in people.items():
            self.gpucommons("user", "add", name, "--team", team, *config)

    def _serves(self, namespace: str) -> bool:
        answer = self.kubectl("-n", namespace, "get", "deployments", "-o", "json")
        found = [each.get("status", {}) for each in json.loads(answer)["items"]]
        return all(each.get("readyReplicas") == each.get("replicas", 0) > 0 for each in found)

    def _write_kubectl(self, folder: Path) -> None:
        """What the scripts of the folder call kubectl."""
        file = folder / "bin" / "kubectl"
        file.parent.mkdir()
        to_cluster = f"{program('kubectl')} --kubeconfig {self._instance.kubeconfig}"
        file.write_text(f'#!/bin/sh\nexec {to_cluster} "$@"\n')
        file.chmod(0o755)


def _run(
    command: list[str],
    stdin: str | None = None,
    *,
    check: bool = True,
    env: Mapping[str, str] | None = None,
) -> str:
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, env=env
    )
    assert not (check and done.returncode), f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


def _change(file: Path, **content: object) -> None:
    file.write_text(yaml.safe_dump({**read(file), **content}))


def _let_out(policy: str, *ports: int) -> dict[str, object]:
    """A patch: API server and Dex are at other ports here than clusters have them."""
    rule = {"ports": [{"protocol": "TCP", "port": each} for each in ports]}
    add = [{"op": "add", "path": "/spec/egress/-", "value": rule}]
    target = {"kind": "NetworkPolicy", "name": policy}
    return {"target": target, "patch": yaml.safe_dump(add)}


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
