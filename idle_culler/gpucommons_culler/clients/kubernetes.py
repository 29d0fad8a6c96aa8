"""The connections to the kubelets of Kubernetes' nodes."""

import ssl
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import httpx
from kubernetes_asyncio import client

_TOKEN = "BearerToken"  # noqa: S105 -- the name that Kubernetes' client gives it
_TIMEOUT_S = 10.0


class Nodes:
    """Lists the addresses of the kubelets."""

    def __init__(self, api: client.ApiClient) -> None:
        self._core = client.CoreV1Api(api)

    async def __call__(self) -> Mapping[str, str]:
        """Return the kubelets' URLs by the nodes' names."""
        listed = await self._core.list_node(_request_timeout=_TIMEOUT_S)
        return {node.metadata.name: url for node in listed.items if (url := _url(node))}


def kubelet_client(api: client.ApiClient, ca_file: str) -> httpx.AsyncClient:
    """Make the client that asks kubelets, with our token, over connections that are checked.

    ``ca_file`` holds the CA of the kubelets' certificates; empty means the cluster's own CA.
    """
    trusted = ca_file or api.configuration.ssl_ca_cert
    return httpx.AsyncClient(
        auth=_Token(api.configuration),
        verify=ssl.create_default_context(cafile=trusted),
        timeout=_TIMEOUT_S,
        trust_env=False,
    )


class _Token(httpx.Auth):
    """Adds the current token: a service account's is replaced every hour."""

    def __init__(self, settings: Any) -> None:  # noqa: ANN401 -- it publishes no types
        self._settings = settings

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if token := await self._settings.get_api_key_with_prefix(_TOKEN):
            request.headers["Authorization"] = token
        yield request


def _url(node: Any) -> str | None:  # noqa: ANN401
    """Return a kubelet's URL; None for a node without an address."""
    status = node.status
    addresses = {each.type: each.address for each in status.addresses or ()}
    address = addresses.get("InternalIP") or addresses.get("Hostname")
    endpoint = status.daemon_endpoints and status.daemon_endpoints.kubelet_endpoint
    if not address or not endpoint:
        return None
    host = f"[{address}]" if ":" in address else address
    return f"https://{host}:{endpoint.port}"
