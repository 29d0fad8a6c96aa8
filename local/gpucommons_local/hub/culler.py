"""The idle culler, a service of the hub."""

import yaml
from gpucommons_contract import IDLE_SERVICE

from gpucommons_local.cluster.namespaces import NAMESPACE
from gpucommons_local.hub.visited_service import environment, health_check, listed
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import NODE_ADDRESS, Instance
from gpucommons_local.machine.secrets import Secrets
from gpucommons_local.machine.supervision import Program
from gpucommons_local.machine.toolchain import BIN

_PORT = 10101
_PACKAGES = ("contract", "hub_config", "idle_culler", "spawner", "upkeep", "web")


def culler_service(secrets: Secrets) -> dict[str, object]:
    """Return the entry for the hub's list of services."""
    return listed(IDLE_SERVICE, _PORT, secrets.idle_token)


def culler_program(instance: Instance, secrets: Secrets) -> Program:
    """Return the culler. It follows the hub's own catalogue."""
    folder = instance.state / "idle"
    values = {
        "Election": {"lease_name": "idle-culler", "lease_namespace": NAMESPACE},
        "IdleCuller": {
            "catalogue_file": str(instance.state / "hub" / "catalogue.yaml"),
            "db_url": f"sqlite:///{folder / 'idle.sqlite'}",
            "address": NODE_ADDRESS,
            "hub_url": instance.url,
            "port": _PORT,
            "interval": 10.0,
        },
    }
    return Program(
        "idle-culler",
        [str(BIN / "gpucommons"), "idle", "run"],
        health_check(IDLE_SERVICE, _PORT),
        environment={
            "GPUCOMMONS_VALUES": str(folder / "values.yaml"),
            **environment(instance, IDLE_SERVICE, secrets.idle_token, "idle"),
        },
        files={folder / "values.yaml": yaml.safe_dump(values)},
        sources=[checkout() / each for each in _PACKAGES],
    )
