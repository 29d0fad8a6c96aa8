"""Peers of WireGuard: made at a free address, listed, ended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import IPv4Address

from gpucommons_contract import Label
from gpucommons_contract.formats.wording import read_moment
from gpucommons_contract.private_access import (
    ACCESS_NAME,
    ACCESS_NAMESPACE,
    ENDED,
    LET_IN,
    PEERS_NAMESPACE,
    Peer,
    PrivateAccess,
    object_name,
    read_access,
    read_peer,
)

from gpucommons_people.clients.api_answers import ClusterError
from gpucommons_people.clients.kinds import CONFIG_MAPS, Manifest
from gpucommons_people.errors import NotThereError, PeopleError
from gpucommons_people.installation import Installation

_REST = timedelta(days=30)
"""How long nobody else gets the address of a peer that has ended: its device may still try."""
_NO_NAMESPACE = (
    "The cluster has no private access: there is no ConfigMap "
    f"{ACCESS_NAMESPACE}/{ACCESS_NAME}. Apply cluster/private-access and that ConfigMap, or take "
    "private_access out of the configuration."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A device to let in."""

    user: str
    device: str
    public_key: str


async def access_of(installation: Installation) -> PrivateAccess:
    """Return where the tunnel is; raises PeopleError where that is not said, or wrongly."""
    found = await installation.cluster.get(CONFIG_MAPS, ACCESS_NAME, ACCESS_NAMESPACE)
    if found is None:
        raise NotThereError(_NO_NAMESPACE)
    try:
        return read_access(found.get("data") or {})
    except ValueError as error:
        raise PeopleError(
            f"The ConfigMap {ACCESS_NAMESPACE}/{ACCESS_NAME} has a mistake: {error}."
        ) from error


async def list_peers(installation: Installation, user: str | None = None) -> tuple[Peer, ...]:
    """Return all peers that are let in, or those of one person, in order of their addresses.

    What somebody made by hand and cannot be read, or has the name of another address, lets nobody
    in.
    """
    found = []
    for name, each in (await _objects(installation)).items():
        if each["metadata"]["labels"][Label.PEER] == LET_IN:
            try:
                peer = read_peer(each.get("data") or {})
            except ValueError:
                continue
            if name == peer.name and user in {None, peer.user}:
                found.append(peer)
    return tuple(sorted(found, key=lambda each: each.address))


async def make_peer(installation: Installation, access: PrivateAccess, wanted: Wanted) -> Peer:
    """Let a device in, at an address that nobody has, or had a short while ago.

    An address is taken by making its object, or by changing the one that was read: of two who want
    the same one, one takes the next. Raises PeopleError if none is free.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    known = await _objects(installation)
    for address in access.for_peers():
        before = known.get(object_name(address))
        if before and not _has_rested(before, now):
            continue
        made = Peer(address=address, by=installation.audit.who, at=now, **asdict(wanted))
        try:
            if before:
                version = before["metadata"]["resourceVersion"]
                await _change(installation, address, LET_IN, made.to_data(), version)
            else:
                await installation.cluster.create(_manifest(made))
        except ClusterError as error:
            if error.status == HTTPStatus.CONFLICT:
                continue
            if error.status == HTTPStatus.NOT_FOUND:
                raise NotThereError(_NO_NAMESPACE) from error
            raise
        return made
    raise PeopleError(
        f"No address of {access.addresses} is free for {wanted.user}. Those of devices that were "
        f"removed are free again after {_REST.days} days. Let some go that nobody uses: "
        "`gpucommons vpn list`."
    )


async def end_peer(installation: Installation, peer: Peer) -> None:
    """Let a device in no more: the tunnel has it out within seconds. Who it was is forgotten."""
    ended = dict.fromkeys(peer.to_data())
    data = {**ended, "ended": datetime.now(UTC).isoformat()}
    await _change(installation, peer.address, ENDED, data)


async def _change(
    installation: Installation,
    address: IPv4Address,
    state: str,
    data: Mapping[str, str | None],
    version: str | None = None,
) -> None:
    """Change the object of an address; ClusterError CONFLICT if it is not of that version."""
    metadata: Manifest = {"labels": {str(Label.PEER): state}}
    if version:
        metadata["resourceVersion"] = version
    patch = {"metadata": metadata, "data": {"ended": None, **data}}
    await installation.cluster.merge(CONFIG_MAPS, object_name(address), PEERS_NAMESPACE, patch)


async def _objects(installation: Installation) -> dict[str, Manifest]:
    found = await installation.cluster.list(CONFIG_MAPS, PEERS_NAMESPACE, label=Label.PEER)
    return {each["metadata"]["name"]: each for each in found}


def _has_rested(before: Manifest, now: datetime) -> bool:
    if before["metadata"]["labels"][Label.PEER] != ENDED:
        return False
    try:
        return now > read_moment((before.get("data") or {})["ended"]) + _REST
    except (KeyError, ValueError):  # somebody changed it by hand: there are other addresses
        return False


def _manifest(made: Peer) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": made.name,
            "namespace": PEERS_NAMESPACE,
            "labels": {str(Label.PEER): LET_IN},
        },
        "data": made.to_data(),
    }
