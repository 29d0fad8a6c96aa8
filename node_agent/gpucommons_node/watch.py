"""Follows the pods of one node at the API server."""

import json
import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from gpucommons_node.pods import PodTable

log = logging.getLogger(__name__)

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_WATCH = 60
"""Seconds of one watch. Then all pods are listed again: no change is missed for long."""
_TIMEOUT = _WATCH + 15.0
_RETRY = 5.0


@dataclass(frozen=True, slots=True)
class APIServer:
    """Where the API server is, and how it is spoken to."""

    url: str
    opener: OpenerDirector
    token: Path

    @classmethod
    def of_this_cluster(cls, environ: Mapping[str, str], account: Path = _ACCOUNT) -> "APIServer":
        """Use the service account of the pod we run in. Raises KeyError outside a pod."""
        host, port = environ["KUBERNETES_SERVICE_HOST"], environ["KUBERNETES_SERVICE_PORT"]
        address = f"[{host}]" if ":" in host else host
        trusted = ssl.create_default_context(cafile=str(account / "ca.crt"))
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=trusted))
        return cls(f"https://{address}:{port}", opener, account / "token")

    def pods(self, node: str, **options: str) -> Any:  # noqa: ANN401 -- a response of urllib
        """Ask for the pods of a node. Raises OSError."""
        query = urlencode({"fieldSelector": f"spec.nodeName={node}", **options})
        # The token is read each time: Kubernetes renews it.
        headers = {"Authorization": f"Bearer {self.token.read_text()}"}
        request = Request(f"{self.url}/api/v1/pods?{query}", headers=headers)  # noqa: S310 -- https
        return self.opener.open(request, timeout=_TIMEOUT)


def follow(server: APIServer, node: str, table: PodTable) -> None:
    """Keep the table up to date, for ever. Where that fails, it is emptied."""
    failed = False
    while True:
        try:
            look(server, node, table)
            failed = False
        except (OSError, ValueError, KeyError) as error:
            table.forget()
            if not failed:  # once, not at each attempt
                log.warning("The pods of node %s cannot be followed: %s", node, error)
            failed = True
            time.sleep(_RETRY)


def look(server: APIServer, node: str, table: PodTable) -> None:
    """List the pods and follow their changes for a minute. Raises OSError, ValueError, KeyError."""
    with server.pods(node) as answer:
        listed = json.load(answer)
    table.replace(listed["items"])
    version = listed["metadata"]["resourceVersion"]
    options = {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(_WATCH)}
    with server.pods(node, **options) as stream:
        for line in stream:
            event = json.loads(line)
            if event["type"] == "ERROR":  # what we knew is too old; all are listed again
                return
            table.change(event["object"], deleted=event["type"] == "DELETED")
