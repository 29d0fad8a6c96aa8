"""What ``gpucommons vpn`` does, and shows."""

import argparse
from collections.abc import Awaitable, Callable, Mapping

from gpucommons_people.output import Output, Table
from gpucommons_people.people import People
from gpucommons_people.private_access.keys import Keys, given_key
from gpucommons_people.private_access.ways import peer_json


def keys_of(a: argparse.Namespace) -> Keys | None:
    """Return the key that was given; None if one is to be made. Raises InputError."""
    return None if a.wireguard_key is None else given_key(a.wireguard_key)


async def _add(people: People, a: argparse.Namespace, output: Output) -> None:
    change = await people.add_device(
        a.email, a.device, keys_of(a), new_key=a.new_key, dry_run=a.dry_run
    )
    output.changes([change])


async def _remove(people: People, a: argparse.Namespace, output: Output) -> None:
    output.changes([await people.remove_devices(a.email, a.device, dry_run=a.dry_run)])


async def _list(people: People, a: argparse.Namespace, output: Output) -> None:
    found = await people.list_devices(a.email)
    rows = [
        [each.user, each.device, str(each.address), each.by, f"{each.at:%Y-%m-%d %H:%M}"]
        for each in found
    ]
    table = Table(["User", "Device", "Address", "By", "Since (UTC)"], rows, "No device is let in.")
    output.show({"devices": [peer_json(each) for each in found]}, [table])


OPERATIONS: Mapping[str, Callable[[People, argparse.Namespace, Output], Awaitable[int | None]]] = {
    "vpn_add": _add,
    "vpn_list": _list,
    "vpn_remove": _remove,
}
