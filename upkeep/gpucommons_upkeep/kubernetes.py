"""The connection to the API server of Kubernetes."""

import os

from kubernetes_asyncio import client, config

from gpucommons_upkeep.errors import SetupError

_IN_A_POD = "KUBERNETES_SERVICE_HOST"
"""A variable that Kubernetes sets in each container."""


def in_a_pod() -> bool:
    """Whether this program runs in a pod of Kubernetes."""
    return bool(os.environ.get(_IN_A_POD))


async def connect(without: str) -> client.ApiClient:
    """Open a connection as the pod's service account, or as the variable KUBECONFIG says.

    ``without`` says what to set where there is neither, for a program outside Kubernetes.
    Raises SetupError; an unreachable API server is not an error yet.
    """
    settings = client.Configuration()
    try:
        if in_a_pod():
            config.load_incluster_config(client_configuration=settings)
        elif file := os.environ.get("KUBECONFIG"):
            await config.load_kube_config(
                config_file=file, client_configuration=settings, persist_config=False
            )
        else:
            raise SetupError(
                "No cluster is configured: this is not a pod with a service account, and "
                f"KUBECONFIG is not set. {without}"
            )
    except (config.ConfigException, OSError, TypeError, ValueError) as error:
        raise SetupError(f"Kubernetes cannot be reached as configured: {error}") from error
    return client.ApiClient(settings)
