"""A way in for a device: made with its handout, shown, taken away."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from gpucommons_contract.private_access import Peer, PrivateAccess

from gpucommons_people.change import Change
from gpucommons_people.errors import InputError, NotThereError, PeopleError
from gpucommons_people.installation import Installation
from gpucommons_people.names import user_name
from gpucommons_people.private_access import peers
from gpucommons_people.private_access.client import HAS_ONE, section
from gpucommons_people.private_access.keys import Keys, new_keys

FIRST_DEVICE = "first"
_DEVICE = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")


def first_step(installation: Installation) -> tuple[str, ...]:
    """Say what a new account gets beside its password."""
    if not installation.configuration.private_access:
        return ()
    return ("Let one device in through WireGuard; its file is in the handout.",)


def of_earlier_handout(installation: Installation) -> str:
    """Return what a later handout says of private access: the private key is known to nobody."""
    return HAS_ONE if installation.configuration.private_access else ""


@asynccontextmanager
async def first_way(
    installation: Installation, user: str, given: Keys | None
) -> AsyncIterator[str]:
    """Let the first device of a new account in; yields what the handout says of it.

    That is nothing where the installation has no private access. If the account is not made, the
    device is out again.
    """
    if not installation.configuration.private_access:
        if given:
            raise InputError("A key of WireGuard needs private_access in the configuration.")
        yield ""
        return
    access = await peers.access_of(installation)
    keys = given or new_keys()
    wanted = peers.Wanted(user, FIRST_DEVICE, keys.public)
    before = await _same_device(installation, wanted)
    peer = await peers.make_peer(installation, access, wanted)
    try:
        yield section(access, peer, keys)
    except PeopleError:
        await peers.end_peer(installation, peer)
        raise
    for each in before:  # of a run that was interrupted
        await peers.end_peer(installation, each)


async def add_device(
    installation: Installation,
    email: str,
    device: str,
    given: Keys | None,
    *,
    new_key: bool = False,
    dry_run: bool = False,
) -> Change:
    """Let a device in, with a file of its own; with new_key in place of the one of that name.

    Without it, a device that is let in already stays as it is. given: its own public key.
    """
    user = user_name(email)
    access = await _access(installation)
    keys = given or new_keys()
    wanted = peers.Wanted(user, device, keys.public)
    before = await _same_device(installation, wanted)
    if before and not new_key and (given is None or given.public == before[0].public_key):
        again = f"gpucommons vpn add {user} --device {device} --new-key"
        has = f"{user} has {_named(before)}. If its file is lost: {again}."
        return Change("add device", user, (), (has,), dry_run)
    if before and not new_key:
        raise PeopleError(
            f"{user} has {_named(before)}, with another key. Pass --new-key to have this one in "
            "its place, or another --device."
        )
    _check_device(device)
    file = installation.handouts.device_file(user, device)
    steps = (
        f"Let the device {device} of {user} in through WireGuard.",
        f"Write its file, and how to use it, to {file}.",
        *((f"Let in no more: {_named(before)}.",) if before else ()),
    )
    known = await installation.dex.get(user) is not None
    left = () if known else (_not_in_dex(user),)
    data: dict[str, object] = {"device": device, "handout": str(file)}
    if dry_run:
        return Change("add device", user, steps, left, dry_run, data)
    installation.audit.check()
    details = {"device": device, "public_key": keys.public}
    installation.audit.write("add device", user, details)
    peer = await peers.make_peer(installation, access, wanted)
    try:
        installation.handouts.write_device(user, device, section(access, peer, keys))
    except PeopleError:
        await peers.end_peer(installation, peer)
        raise
    for each in before:
        await peers.end_peer(installation, each)
    return Change("add device", user, steps, left, data=data | {"address": str(peer.address)})


async def remove_devices(
    installation: Installation, email: str, device: str | None, *, dry_run: bool = False
) -> Change:
    """Let a device in no more, or all of somebody; NotThereError if there is none."""
    user = user_name(email)
    await _access(installation)
    mine = await peers.list_peers(installation, user)
    found = [each for each in mine if device in {None, each.device}]
    if not found:
        which = f"device {device}" if device else "device"
        raise NotThereError(f"{user} has no {which} that is let in. See `gpucommons vpn list`.")
    steps = (end_step(found),)
    if not dry_run:
        installation.audit.check()
        await end_devices(installation, found)
    data = {"devices": [peer_json(each) for each in found]}
    return Change("remove device", user, steps, (), dry_run, data)


async def list_devices(installation: Installation, email: str | None = None) -> tuple[Peer, ...]:
    """Return the devices that are let in, all or those of one person."""
    await _access(installation)
    return await peers.list_peers(installation, None if email is None else user_name(email))


async def devices_of(installation: Installation, user: str) -> tuple[Peer, ...]:
    """Return somebody's devices; none where the installation has no private access."""
    if not installation.configuration.private_access:
        return ()
    return await peers.list_peers(installation, user)


def end_step(found: Sequence[Peer]) -> str:
    """Say that devices are let in no more."""
    return f"Let in through WireGuard no more: {_named(found)}."


async def end_devices(installation: Installation, found: Sequence[Peer]) -> None:
    """Let devices in no more, and delete their handouts."""
    for each in found:
        details = {"device": each.device, "address": str(each.address)}
        installation.audit.write("remove device", each.user, details)
        await peers.end_peer(installation, each)
        installation.handouts.remove_device(each.user, each.device)


def peer_json(peer: Peer) -> dict[str, object]:
    """Turn into what ``--json`` prints."""
    return dict(peer.to_data())


async def _access(installation: Installation) -> PrivateAccess:
    if not installation.configuration.private_access:
        raise InputError("This needs private access: set private_access in the configuration.")
    return await peers.access_of(installation)


async def _same_device(installation: Installation, wanted: peers.Wanted) -> list[Peer]:
    """Return the peers that a new one takes the place of.

    Raises InputError if another device has the key: WireGuard knows devices by it alone.
    """
    same = []
    for each in await peers.list_peers(installation):
        if (each.user, each.device) == (wanted.user, wanted.device):
            same.append(each)
        elif each.public_key == wanted.public_key:
            raise InputError(
                f"The device {each.device} of {each.user} has this key. Each needs one of its own."
            )
    return same


def _check_device(device: str) -> None:
    if not _DEVICE.fullmatch(device):
        raise InputError(
            f"{device!r} is not a name for a device. It must have at most 30 characters: a to z, "
            "0 to 9 and hyphens, none at an end."
        )


def _not_in_dex(user: str) -> str:
    return f"Dex has no account {user} of its own. Whoever comes from elsewhere needs this name."


def _named(found: Sequence[Peer]) -> str:
    listed = ", ".join(f"{each.device} ({each.address})" for each in found)
    return f"the device{'s' if len(found) > 1 else ''} {listed}"
