"""A cluster with a guarded team, and what people and programs may do there."""

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import httpx
import yaml
from gpucommons_config.command import main
from gpucommons_local.machine.cache import checkout

from tests.unit.spawner.conftest import CATALOGUE, FULL
from tests.waiting import until

from ..people.cluster import HUB, PEOPLE, ClusterWithRights
from .objects import TEAM, USUAL_PRIORITY, Body
from .request import BATCH, CLAIMS, EDITOR, KUEUE, Attack, Request, there

_RBAC = "/apis/rbac.authorization.k8s.io/v1"


class GuardedCluster(ClusterWithRights):
    """Requests as anybody; `refusal` gives what is said, whatever it is."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        # As clusters have it, so that privileged containers are not refused by this alone.
        self.command.append("--allow-privileged")

    def refusal(self, request: Request, **query: str) -> str:
        """What the API server says of what it refuses; empty where it does it."""
        answer = self._asked(request, query)
        return "" if answer.is_success else answer.json()["message"]

    def _asked(self, request: Request, query: dict[str, str]) -> httpx.Response:
        patch = request.method == "PATCH"
        headers = {
            "Impersonate-User": request.user,
            "Content-Type": f"application/{'merge-patch+' if patch else ''}json",
        }
        return self.client.request(
            request.method,
            request.path,
            content=json.dumps(request.body),
            headers=headers,
            params={**dict(request.query), **query},
        )

    def fill(self) -> None:
        """Make the team's namespace and another one, with what is in them."""
        surroundings = yaml.safe_dump_all(_surroundings())
        self.kubectl("apply", "--server-side", "-f", "-", given=surroundings)
        for path, body in there().items():
            self.post(path.rpartition("/")[0], body)
        # As the controller does that binds claims: only a claim that is bound can grow.
        bound = {"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}}
        self.patch(f"{CLAIMS}/workspace-carol/status", bound)
        until(lambda: "pods" in str(self.get(f"{_RBAC}/clusterroles/edit").get("rules")))

    def guard(self, folder: Path) -> None:
        """Apply the policies, and that of a catalogue, which is written into a folder."""
        self.kubectl("apply", "--server-side", "-f", "-", given=constraints(folder))
        self.kubectl("apply", "--server-side", "-k", str(checkout() / "cluster" / "policies"))

    def until_guarded(self, attacks: tuple[Attack, ...]) -> None:
        """Wait until one attack is refused of each policy that refuses some."""
        for first in {each.policy: each for each in reversed(attacks)}.values():

            def said(each: Attack = first) -> str:
                return self.refusal(each, dryRun="All")

            until(lambda each=first, said=said: each.policy in said(), instead=said)


def constraints(folder: Path, *options: str) -> str:
    """What the command prints of the two catalogues of the golden manifests, as one."""
    small, full = yaml.safe_load(CATALOGUE), yaml.safe_load(FULL.read_text())
    for key in ("environments", "sizes"):
        full[key] = {**small[key], **full[key]}
    full["require_digests"] = False
    (folder / "catalogue.yaml").write_text(yaml.safe_dump(full))
    with redirect_stdout(StringIO()) as printed:
        command = ["catalogue", "constraints", str(folder / "catalogue.yaml"), *options]
        command += ["--image", "registry.example.org/sidecar:1"]
        command += ["--default-priority", USUAL_PRIORITY]
        assert main(command) == 0
    return printed.getvalue()


def _surroundings() -> Iterator[Body]:
    # Rights that clusters, versions of Kubernetes or drivers of GPUs add to `edit`.
    yield {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "more"},
        "rules": [
            {
                "apiGroups": [""],
                "resources": ["pods/ephemeralcontainers", "pods/resize"],
                "verbs": ["patch", "update"],
            },
            {
                "apiGroups": ["resource.k8s.io"],
                "resources": ["resourceclaims", "resourceclaimtemplates"],
                "verbs": ["create", "delete"],
            },
        ],
    }
    for name, labels in ((TEAM, {"gpucommons.io/team": "vision"}), ("elsewhere", {})):
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": labels},
        }
        yield _binding(name, "edit", EDITOR)
        yield _binding(name, "edit", BATCH)
        yield _binding(name, "more", EDITOR)
        for account in ("default", "builder"):
            yield {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": account, "namespace": name},
            }
    yield _binding(TEAM, "gpucommons-use-gpus", BATCH)
    yield _binding(TEAM, "edit", KUEUE)
    for role, account in (("gpucommons-sessions", HUB), ("gpucommons-team-administration", PEOPLE)):
        yield _binding(TEAM, role, account)
    for name, value in (("low", -10), (USUAL_PRIORITY, 0), ("teaching", 10), ("urgent", 1000)):
        yield {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": {"name": name},
            "value": value,
            "globalDefault": name == USUAL_PRIORITY,
        }
    yield {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "default-deny", "namespace": TEAM},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }
    yield {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "nvidia"},
        "handler": "nvidia",
    }
    yield {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "growing"},
        "provisioner": "example.org/none",
        "allowVolumeExpansion": True,
    }


def _binding(namespace: str, role: str, user: str) -> Body:
    short = user.rpartition(":")[2].partition("@")[0]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{role}-{short}", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
