"""Pairs of keys of WireGuard, made here: a private one is never stored in the cluster."""

import base64
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from gpucommons_contract.private_access import checked_key

from gpucommons_people.errors import InputError


@dataclass(frozen=True, slots=True)
class Keys:
    """A device's keys. private is empty where the person has made the pair."""

    public: str
    private: str = field(default="", repr=False)


def new_keys() -> Keys:
    """Make a pair (X25519), as ``wg genkey`` does."""
    key = X25519PrivateKey.generate()
    public, private = key.public_key().public_bytes_raw(), key.private_bytes_raw()
    return Keys(base64.b64encode(public).decode(), base64.b64encode(private).decode())


def given_key(public: str) -> Keys:
    """Take the public key of a pair that the person made; InputError for what is none."""
    try:
        return Keys(checked_key(public.strip()))
    except ValueError as error:
        raise InputError(f"{error}. `wg genkey | tee private | wg pubkey` makes a pair.") from error
