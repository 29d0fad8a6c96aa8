"""The API server of Kubernetes for programs that have only Python's standard library."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class APIServer:
    """Where the API server is, and how it is called."""

    url: str
    opener: OpenerDirector
    token: Path

    @classmethod
    def of_this_cluster(cls, environ: Mapping[str, str], account: Path = _ACCOUNT) -> "APIServer":
        """Use the service account of the pod we run in. Raises KeyError outside a pod, OSError."""
        host, port = environ["KUBERNETES_SERVICE_HOST"], environ["KUBERNETES_SERVICE_PORT"]
        address = f"[{host}]" if ":" in host else host
        trusted = ssl.create_default_context(cafile=str(account / "ca.crt"))
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=trusted))
        return cls(f"https://{address}:{port}", opener, account / "token")

    def get(self, path: str, timeout: float, **query: str) -> Any:  # noqa: ANN401 -- a response of urllib
        """Ask for what is at a path, such as ``/api/v1/pods``. timeout: seconds. Raises OSError."""
        # The token is read each time: Kubernetes renews it.
        headers = {"Authorization": f"Bearer {self.token.read_text()}"}
        request = Request(f"{self.url}{path}?{urlencode(query)}", headers=headers)  # noqa: S310 -- https
        return self.opener.open(request, timeout=timeout)
