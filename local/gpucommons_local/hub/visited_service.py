"""What the hub and a service of it with pages are told of one another."""

from gpucommons_local.machine.instance import NODE_ADDRESS, Instance

_HUB_API = f"http://{NODE_ADDRESS}:8081/hub/api"


def listed(name: str, port: int, token: str) -> dict[str, object]:
    """Return the entry for the hub's list of services."""
    return {
        "name": name,
        "url": f"http://{NODE_ADDRESS}:{port}",
        "api_token": token,
        # It learns who administers: the scope opens nothing in the hub by itself.
        "oauth_client_allowed_scopes": ["admin-ui"],
        "oauth_no_confirm": True,  # it is ours: nobody is asked whether it may know them
        "display": True,
    }


def health_check(name: str, port: int) -> tuple[str, ...]:
    """Return the command that succeeds while the service is well."""
    address = f"http://{NODE_ADDRESS}:{port}{_prefix(name)}health"
    return ("curl", "-fsS", "-m", "5", "-o", "/dev/null", address)


def environment(instance: Instance, name: str, token: str, account: str) -> dict[str, str]:
    """Return the service's variables. account: the one that it uses in the cluster."""
    return {
        "JUPYTERHUB_API_TOKEN": token,
        "JUPYTERHUB_API_URL": _HUB_API,
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_SERVICE_NAME": name,
        "JUPYTERHUB_SERVICE_PREFIX": _prefix(name),
        "KUBECONFIG": str(instance.kubeconfigs / f"{account}.conf"),
    }


def _prefix(name: str) -> str:
    return f"/services/{name}/"
