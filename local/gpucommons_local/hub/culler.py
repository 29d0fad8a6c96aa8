"""The idle culler, a service of the hub."""

import yaml
from gpucommons_contract import IDLE_SERVICE

from gpucommons_local.cluster.namespaces import NAMESPACE
from gpucommons_local.machine.cache import checkout
from gpucommons_local.machine.instance import NODE_ADDRESS, Instance
from gpucommons_local.machine.secrets import Secrets
from gpucommons_local.machine.supervision import Program
from gpucommons_local.machine.toolchain import BIN

_PORT = 10101
_PREFIX = f"/services/{IDLE_SERVICE}/"
_PACKAGES = ("contract", "hub_config", "idle_culler", "spawner", "upkeep")


def culler_service(secrets: Secrets) -> dict[str, object]:
    """Return the entry for the hub's list of services."""
    return {
        "name": IDLE_SERVICE,
        "url": f"http://{NODE_ADDRESS}:{_PORT}",
        "api_token": secrets.idle_token,
        # It learns who administers: the scope opens nothing in the hub by itself.
        "oauth_client_allowed_scopes": ["admin-ui"],
        "oauth_no_confirm": True,  # it is ours: nobody is asked whether it may know them
        "display": True,
    }


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
        (
            *("curl", "-fsS", "-m", "5", "-o", "/dev/null"),
            f"http://{NODE_ADDRESS}:{_PORT}{_PREFIX}health",
        ),
        environment={
            "GPUCOMMONS_VALUES": str(folder / "values.yaml"),
            "JUPYTERHUB_API_TOKEN": secrets.idle_token,
            "JUPYTERHUB_API_URL": f"http://{NODE_ADDRESS}:8081/hub/api",
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_SERVICE_NAME": IDLE_SERVICE,
            "JUPYTERHUB_SERVICE_PREFIX": _PREFIX,
            "KUBECONFIG": str(instance.kubeconfigs / "idle.conf"),
        },
        files={folder / "values.yaml": yaml.safe_dump(values)},
        sources=[checkout() / each for each in _PACKAGES],
    )
