"""Accounting, a service of the hub."""

import yaml
from gpucommons_contract import ACCOUNTING_SERVICE

from gpucommons_local.cluster.namespaces import NAMESPACE
from gpucommons_local.hub.visited_service import environment, health_check, listed
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import NODE_ADDRESS, Instance
from gpucommons_local.machine.secrets import Secrets
from gpucommons_local.machine.supervision import Program
from gpucommons_local.machine.toolchain import BIN

_PORT = 10109
_PACKAGES = ("accounting", "contract", "hub_config", "spawner", "upkeep", "web")


def accounting_service(secrets: Secrets) -> dict[str, object]:
    """Return the entry for the hub's list of services."""
    return listed(ACCOUNTING_SERVICE, _PORT, secrets.accounting_token)


def accounting_program(instance: Instance, secrets: Secrets) -> Program:
    """Return accounting. Its days are those of UTC, and titles those of the hub's catalogue."""
    folder = instance.state / "accounting"
    values = {
        "Election": {"lease_name": "accounting", "lease_namespace": NAMESPACE},
        "Accounting": {
            "db_url": f"sqlite:///{folder / 'accounting.sqlite'}",
            "address": NODE_ADDRESS,
            "catalogue_file": str(instance.state / "hub" / "catalogue.yaml"),
            "port": _PORT,
        },
    }
    return Program(
        "accounting",
        [str(BIN / "gpucommons"), "usage", "run"],
        health_check(ACCOUNTING_SERVICE, _PORT),
        environment={
            "GPUCOMMONS_VALUES": str(folder / "values.yaml"),
            **environment(instance, ACCOUNTING_SERVICE, secrets.accounting_token, "accounting"),
        },
        files={folder / "values.yaml": yaml.safe_dump(values)},
        sources=[checkout() / each for each in _PACKAGES],
    )
