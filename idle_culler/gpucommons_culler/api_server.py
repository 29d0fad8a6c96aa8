"""The way to the Kubernetes API server, for all that asks it."""

import os

from kubernetes_asyncio import client, config

from gpucommons_culler.errors import CullerError

_IN_A_POD = "KUBERNETES_SERVICE_HOST"
"""A variable that Kubernetes sets in each container."""


async def connect(without: str) -> client.ApiClient:
    """Open a connection as the pod's service account, or as the variable KUBECONFIG says.

    ``without`` says what to set where there is neither: a culler outside of Kubernetes.
    Raises CullerError; an API server that is away is no error yet.
    """
    settings = client.Configuration()
    try:
        if os.environ.get(_IN_A_POD):
            config.load_incluster_config(client_configuration=settings)
        elif file := os.environ.get("KUBECONFIG"):
            await config.load_kube_config(
                config_file=file, client_configuration=settings, persist_config=False
            )
        else:
            raise CullerError(
                "There is no way to a cluster: no service account of a pod, and KUBECONFIG "
                f"is not set. {without}"
            )
    except (config.ConfigException, OSError, TypeError, ValueError) as error:
        raise CullerError(f"Kubernetes cannot be reached as configured: {error}") from error
    return client.ApiClient(settings)
