"""The file by which the account commands work on a local platform."""

import re
from pathlib import Path

import yaml

from gpucommons_local.cluster.namespaces import DEX_NAMESPACE
from gpucommons_local.machine.certificates import certificate_files
from gpucommons_local.machine.instance import Instance
from gpucommons_local.machine.secrets import Secrets

_ADDRESS = re.compile(r"https?://127\.0\.0\.1:\d+")
"""What `Instance.url` is on every start."""


def people_file(instance: Instance) -> Path:
    """What the account commands read to work on this platform."""
    return instance.state / "people.yaml"


def handouts_folder(instance: Instance) -> Path:
    """Where the commands write what a new person gets, with the first password."""
    return instance.state / "handouts"


def write_people_file(instance: Instance, secrets: Secrets) -> None:
    """Write that file, and the token that it names; handouts get the address that it has now."""
    _readdress_handouts(instance)
    token = instance.state / "people-token"
    token.touch(mode=0o600)
    token.write_text(secrets.people_token)
    hub = {"api_url": f"{instance.url}/hub/api", "token_file": token.name}
    if instance.https:
        hub["ca_file"] = str(certificate_files(instance).authority)
    settings = {
        "address": instance.url,
        "hub": hub,
        "kubeconfig": str(instance.kubeconfigs / "people.conf"),
        "dex_namespace": DEX_NAMESPACE,
        "audit_log": str(instance.logs / "people.jsonl"),
        "handouts": handouts_folder(instance).name,
    }
    people_file(instance).write_text(yaml.safe_dump(settings))


def _readdress_handouts(instance: Instance) -> None:
    """Write the address on the handouts anew where it is of another start: its port or scheme."""
    for each in handouts_folder(instance).glob("*.md"):
        before = each.read_text(encoding="utf-8")
        now = _ADDRESS.sub(instance.url, before)
        if now != before:
            new = each.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_text(now, encoding="utf-8")
            new.replace(each)
