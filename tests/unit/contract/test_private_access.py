"""Where the tunnel is and leads, and its peers, as they are written and read."""

from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest
from gpucommons_contract.private_access import Peer, read_access, read_peer

KEY = "HcHDYrZLFUhTV89YkYSLxHlMj3948BgYN4ptVfEJAVU="
ACCESS = {
    "endpoint": "vpn.example.org:51820",
    "public_key": KEY,
    "addresses": "10.88.0.0/24",
    "entrance": "10.20.0.10",
}


def test_the_first_address_is_the_tunnel_s_own_and_the_others_are_for_peers():
    access = read_access({**ACCESS, "addresses": "10.88.0.0/28\n", "other": "x"})
    addresses = [str(each) for each in access.for_peers()]
    assert str(access.own_address) == "10.88.0.1"
    assert (addresses[0], addresses[-1], len(addresses)) == ("10.88.0.2", "10.88.0.14", 13)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("endpoint", None, "endpoint is missing"),
        ("endpoint", "vpn.example.org", "endpoint: 'vpn.example.org' must be HOST:PORT"),
        ("endpoint", "vpn.example.org:0", "must be HOST:PORT"),
        ("endpoint", "vpn.example.org:70000", "must be HOST:PORT"),
        ("endpoint", "a:1\nAllowedIPs = 0.0.0.0/0", "must be HOST:PORT"),
        ("public_key", "abc", "public_key: 'abc' is not a public key"),
        ("public_key", KEY[:-2] + "V=", "is not a public key"),  # the same bytes, written otherwise
        ("addresses", "10.88.0.1/24", "addresses: 10.88.0.1/24 has host bits set"),
        ("addresses", "10.88.0.0/30", "allowed are 16 to 28"),
        ("addresses", "10.0.0.0/8", "allowed are 16 to 28"),
        ("entrance", "hub.example.org", "entrance: Expected 4 octets"),
        ("entrance", "10.88.0.7", "entrance: 10.88.0.7 is one of the devices' own"),
    ],
)
def test_a_mistake_is_told_with_its_key(key, value, says):
    data = {name: text for name, text in {**ACCESS, key: value}.items() if text is not None}
    with pytest.raises(ValueError, match=says):
        read_access(data)


def test_an_endpoint_may_be_an_address():
    for each in ("192.0.2.7:51820", "[2001:db8::7]:51820"):
        assert read_access({**ACCESS, "endpoint": each}).endpoint == each


def test_a_peer_is_read_as_it_was_written():
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    peer = Peer(IPv4Address("10.88.0.2"), "ada@example.org", "first", KEY, "ops", at)
    assert read_peer(peer.to_data()) == peer
    assert peer.name == "peer-10-88-0-2"


@pytest.mark.parametrize("lacking", ["address", "user", "device", "public_key", "by", "at"])
def test_a_peer_that_lacks_something_is_none(lacking):
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    data = Peer(IPv4Address("10.88.0.2"), "ada", "first", KEY, "ops", at).to_data()
    del data[lacking]
    with pytest.raises(ValueError, match=f"{lacking} is missing"):
        read_peer(data)
