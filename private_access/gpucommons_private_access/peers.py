"""The peers that there are, as the API server lists them, in WireGuard's own words."""

import json
import logging
from collections.abc import Iterable
from typing import Any

from gpucommons_contract import Label
from gpucommons_contract.private_access import LET_IN, PEERS_NAMESPACE, Peer, read_peer
from gpucommons_upkeep.api_server import APIServer

_PATH = f"/api/v1/namespaces/{PEERS_NAMESPACE}/configmaps"
_TIMEOUT_S = 15.0

_log = logging.getLogger(__name__)


def listed(server: APIServer) -> list[Peer]:
    """Return all peers that are let in, in order of their objects' names.

    Raises OSError, http.client.HTTPException, and ValueError for what is not a whole list: who is
    missing there is let in no more.
    """
    with server.get(_PATH, _TIMEOUT_S, labelSelector=f"{Label.PEER}={LET_IN}") as answer:
        return peers_of(json.load(answer))


def peers_of(body: Any) -> list[Peer]:  # noqa: ANN401 -- whatever was sent
    """Read an answer of the API server; raises ValueError as `listed`.

    What somebody made by hand and cannot be read lets nobody in, and no key is let in twice.
    """
    metadata = body.get("metadata") if isinstance(body, dict) else None
    if not isinstance(metadata, dict) or not str(body.get("kind", "")).endswith("List"):
        raise ValueError("the answer is not a list of an API server")
    if not metadata.get("resourceVersion") or metadata.get("continue"):
        raise ValueError("the list is incomplete")
    found: dict[str, Peer] = {}
    for each in sorted(body["items"], key=lambda each: each["metadata"]["name"]):
        name = each["metadata"]["name"]
        try:
            peer = read_peer(each.get("data") or {})
            if name != peer.name:
                raise ValueError(f"its address is {peer.address}")
            if before := found.get(peer.public_key):
                raise ValueError(f"its key is that of {before.name}")
        except ValueError as error:
            _log.warning("%s lets nobody in: %s", name, error)
            continue
        found[peer.public_key] = peer
    return list(found.values())


def configuration(private_key: str, port: int, peers: Iterable[Peer]) -> str:
    """Write what ``wg syncconf`` reads."""
    parts = [f"[Interface]\nPrivateKey = {private_key}\nListenPort = {port}\n"]
    parts += [
        f"[Peer]\nPublicKey = {each.public_key}\nAllowedIPs = {each.address}/32\n" for each in peers
    ]
    return "\n".join(parts)
