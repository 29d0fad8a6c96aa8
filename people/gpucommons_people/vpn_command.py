"""What ``gpucommons vpn`` is called with."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
    Add = Callable[[Subparsers, str, argparse.ArgumentParser, str, str], argparse.ArgumentParser]


def add_parsers(
    group: "Subparsers",
    common: argparse.ArgumentParser,
    changing: argparse.ArgumentParser,
    add: "Add",
) -> None:
    """Add the commands to a group; ``add`` makes one of group, name, parent, operation, text."""
    more = add(group, "add", changing, "vpn_add", "let a device in, with a file of its own")
    more.add_argument("email", help="the user name")
    more.add_argument(
        "--device", default="first", metavar="NAME", help="one of several (%(default)s)"
    )
    add_key(more)
    more.add_argument(
        "--new-key", action="store_true", help="another file; the one before lets nobody in"
    )
    remove = add(group, "remove", changing, "vpn_remove", "let devices in no more")
    remove.add_argument("email", help="the user name")
    remove.add_argument("--device", metavar="NAME", help="this one alone; else all of theirs")
    listed = add(group, "list", common, "vpn_list", "list the devices that are let in")
    listed.add_argument("email", nargs="?", help="only those of this person")


def add_key(parser: argparse.ArgumentParser) -> None:
    """Let a person bring a public key of their own."""
    parser.add_argument(
        "--wireguard-key",
        metavar="KEY",
        help="public key of the person's device, for private access; else a pair is made here",
    )
