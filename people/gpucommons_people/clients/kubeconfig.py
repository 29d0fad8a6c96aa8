"""The way to the API server: a kubeconfig, or the service account of the pod we run in."""

from pathlib import Path

from kubernetes_asyncio import client, config
from yaml import YAMLError

from gpucommons_people.errors import InputError


async def connect(kubeconfig: Path | None) -> client.ApiClient:
    """Return a client of the API server that a kubeconfig, or the pod we run in, leads to.

    Raises InputError if there is none.
    """
    settings = client.Configuration()
    try:
        if kubeconfig is None and _in_cluster():
            config.load_incluster_config(client_configuration=settings)
        else:
            file = str(kubeconfig) if kubeconfig else None
            await config.load_kube_config(
                config_file=file, client_configuration=settings, persist_config=False
            )
    except (config.ConfigException, YAMLError, OSError, TypeError) as error:  # TypeError: empty
        raise InputError(
            f"There is no usable kubeconfig{f' at {kubeconfig}' if kubeconfig else ''}: {error}. "
            "Set kubeconfig in the configuration, or the variable KUBECONFIG."
        ) from error
    return client.ApiClient(settings)


def _in_cluster() -> bool:
    return Path("/var/run/secrets/kubernetes.io/serviceaccount/token").exists()
