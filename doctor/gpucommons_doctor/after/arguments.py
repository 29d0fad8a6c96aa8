"""The arguments of ``gpucommons doctor --after``. It imports nothing: the program starts fast."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them to the doctor's parser, as a group of their own."""
    group = parser.add_argument_group("after an installation")
    group.add_argument(
        "--after",
        action="store_true",
        help="instead of the checks, start a session as a person does, look whether it works, and "
        "stop it again",
    )
    group.add_argument(
        "--hub", default="", metavar="URL", help="the hub's address, as people open it"
    )
    group.add_argument(
        "--user",
        default="",
        metavar="NAME",
        help="who signs in at Dex's form; the password is asked for, or read from --password-file",
    )
    group.add_argument(
        "--password-file", type=Path, metavar="FILE", help="a file that holds the password alone"
    )
    group.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="a file that holds a person's API token, instead of --user: Dex is not asked",
    )
    group.add_argument(
        "--connector",
        default="local",
        metavar="ID",
        help="where Dex asks how to sign in: the connector to choose, one that takes passwords "
        "(%(default)s, Dex's own accounts)",
    )
    for name in ("environment", "size"):
        group.add_argument(
            f"--{name}",
            default="",
            metavar="NAME",
            help=f"the {name} to start; the catalogue's default, or else its first, without it",
        )
    group.add_argument(
        "--team", default="", metavar="NAME", help="of a person in several teams, the one to use"
    )
