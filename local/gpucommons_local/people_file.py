"""The file by which the account commands work on a local platform."""

from pathlib import Path

import yaml

from gpucommons_local.hub import HUB_PORT
from gpucommons_local.instance import NODE_ADDRESS, Instance
from gpucommons_local.rights import DEX_NAMESPACE
from gpucommons_local.secrets import Secrets

_DNS_PORT = 53


def people_file(instance: Instance) -> Path:
    """What the account commands read to work on this platform."""
    return instance.state / "people.yaml"


def handouts_folder(instance: Instance) -> Path:
    """Where the commands write what a new person gets, with the first password."""
    return instance.state / "handouts"


def write_people_file(instance: Instance, secrets: Secrets) -> None:
    """Write that file, and the files that it names."""
    token = instance.state / "people-token"
    token.touch(mode=0o600)
    token.write_text(secrets.people_token)
    additions = instance.state / "team-additions.yaml"
    additions.write_text(yaml.safe_dump(_way_to_the_node()))
    settings = {
        "address": instance.url,
        "hub": {"api_url": f"{instance.url}/hub/api", "token_file": token.name},
        "kubeconfig": str(instance.kubeconfigs / "people.conf"),
        "dex_namespace": DEX_NAMESPACE,
        "team_additions": additions.name,
        "audit_log": str(instance.logs / "people.jsonl"),
        "handouts": handouts_folder(instance).name,
    }
    people_file(instance).write_text(yaml.safe_dump(settings))


def _way_to_the_node() -> dict[str, object]:
    """Return the policy that lets pods reach hub and DNS.

    On this platform both are processes on the node, which the base's policies cannot
    select as they select pods.
    """
    ports = [("TCP", HUB_PORT), ("UDP", _DNS_PORT), ("TCP", _DNS_PORT)]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "to-hub-and-dns-on-the-node"},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [{"ipBlock": {"cidr": f"{NODE_ADDRESS}/32"}}],
                    "ports": [{"protocol": each, "port": port} for each, port in ports],
                }
            ],
        },
    }
