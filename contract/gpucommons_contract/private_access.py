"""Private access by WireGuard: peers are made by the account commands, and let in by the tunnel.

A peer is a ConfigMap with `Label.PEER` in a namespace of its own, so that nobody needs rights on
other ConfigMaps for it. It is named after its address, so that no two get the same one; once it has
ended, it keeps the address from others for a while.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

from gpucommons_contract.formats.wording import read_moment

PEERS_NAMESPACE = "gpucommons-peers"
ACCESS_NAMESPACE = "gpucommons-private-access"
ACCESS_NAME = "private-access"
"""The ConfigMap there that says where the tunnel is and where it leads, as of `PrivateAccess`."""
ENDED = "ended"
"""The label's value on a peer that has ended, in place of ``let-in``."""
LET_IN = "let-in"
_T = TypeVar("_T")
_KEY_BYTES = 32
_ENDPOINT = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")
_PREFIXES = range(16, 29)
"""From 65,533 peers to 13."""
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class PrivateAccess:
    """Where the tunnel is, and where it leads."""

    endpoint: str
    """Host and UDP port that devices send to, such as ``vpn.example.org:51820``."""
    public_key: str
    """The tunnel's own, as ``wg pubkey`` writes it."""
    addresses: IPv4Network
    """The addresses of devices inside the tunnel. The first one is the tunnel's own."""
    entrance: IPv4Address
    """The one address that is reached through the tunnel, at the ports 80 and 443: where the names
    of hub and Dex lead."""

    @property
    def own_address(self) -> IPv4Address:
        """Return the tunnel's own address."""
        return self.addresses[1]

    def for_peers(self) -> Iterator[IPv4Address]:
        """Return the addresses that peers may have, in order."""
        hosts = self.addresses.hosts()
        next(hosts)
        return hosts


@dataclass(frozen=True, slots=True)
class Peer:
    """One device of a person. by says who made it, at when."""

    address: IPv4Address
    user: str
    device: str
    public_key: str
    by: str
    at: datetime

    @property
    def name(self) -> str:
        """Return the name of its object."""
        return object_name(self.address)

    def to_data(self) -> dict[str, str]:
        """Write as the data of a ConfigMap."""
        return {
            "address": str(self.address),
            "user": self.user,
            "device": self.device,
            "public_key": self.public_key,
            "by": self.by,
            "at": self.at.isoformat(),
        }


def object_name(address: IPv4Address) -> str:
    """Return the name of the object of whoever has, or had, an address."""
    return f"peer-{str(address).replace('.', '-')}"


def read_peer(data: Mapping[str, str]) -> Peer:
    """Read the data of a ConfigMap. Raises ValueError that says what is wrong with it."""
    try:
        return Peer(
            address=IPv4Address(data["address"]),
            user=data["user"],
            device=data["device"],
            public_key=checked_key(data["public_key"]),
            by=data["by"],
            at=read_moment(data["at"]),
        )
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing") from error


def read_access(data: Mapping[str, str]) -> PrivateAccess:
    """Read the data of the ConfigMap `ACCESS_NAME`. Raises ValueError with the key."""
    try:
        values = {name: data[name].strip() for name in PrivateAccess.__dataclass_fields__}
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing") from error
    access = PrivateAccess(
        _endpoint(values["endpoint"]),
        _named("public_key", checked_key, values["public_key"]),
        _named("addresses", IPv4Network, values["addresses"]),
        _named("entrance", IPv4Address, values["entrance"]),
    )
    if access.addresses.prefixlen not in _PREFIXES:
        raise ValueError(
            f"addresses: {access.addresses} has a prefix of {access.addresses.prefixlen}; "
            f"allowed are {_PREFIXES[0]} to {_PREFIXES[-1]}, such as 10.88.0.0/24"
        )
    if access.entrance in access.addresses:
        raise ValueError(
            f"entrance: {access.entrance} is one of the devices' own, {access.addresses}; name the "
            "address to which the names of hub and Dex lead"
        )
    return access


def checked_key(text: str) -> str:
    """Return a public key of WireGuard as it was given; raises ValueError for what is none."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:  # binascii.Error is one, and what is no ASCII is another
        found = b""
    if len(found) != _KEY_BYTES or base64.b64encode(found).decode() != text:
        raise ValueError(f"{text!r} is not a public key of WireGuard: 44 characters, the last an =")
    return text


def _endpoint(text: str) -> str:
    found = _ENDPOINT.fullmatch(text)
    if not found or not 0 < int(found[1]) <= _HIGHEST_PORT:
        raise ValueError(f"endpoint: {text!r} must be HOST:PORT, such as vpn.example.org:51820")
    return text


def _named(key: str, read: Callable[[str], _T], text: str) -> _T:
    try:
        return read(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
