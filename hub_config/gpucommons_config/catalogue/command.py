"""The commands ``gpucommons catalogue``: check a catalogue, and derive other files from it.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gpucommons_config.catalogue import pin_command

if TYPE_CHECKING:
    from gpucommons_spawner.catalogue import Catalogue

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


Run = Callable[[argparse.Namespace], int]


def add_parsers(subparsers: "Subparsers") -> None:
    """Add the commands to the program."""
    text = "check the catalogue, and derive other files from it"
    group = subparsers.add_parser("catalogue", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    check = _add(commands, "check", _check, "find mistakes; the exit code is 1 if there are any")
    check.add_argument("file", type=Path, metavar="FILE", help="the catalogue")
    check.add_argument("--json", action="store_true", help="one JSON document, for editors")
    check.add_argument(
        "--digests", action="store_true", help="require every image to be pinned by digest"
    )
    pin_command.add_arguments(_add(commands, "pin", pin_command.run, pin_command.ABOUT))
    _add(commands, "schema", _schema, "print the JSON Schema of the file, for editors")
    images = _add(commands, "images", _images, "print the images as values of z2jh's pre-puller")
    images.add_argument("file", type=Path, metavar="FILE", help="the catalogue")
    made = _add(commands, "manifests", _manifests, "print what teams' namespaces need for it")
    made.add_argument("file", type=Path, metavar="FILE", help="the catalogue")
    made.add_argument(
        "--team", action="append", required=True, metavar="TEAM", help="may be repeated"
    )
    text = "print the admission policy by which pods in teams' namespaces are of it"
    guard = _add(commands, "constraints", _constraints, text)
    guard.add_argument("file", type=Path, metavar="FILE", help="the catalogue")
    guard.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="IMAGE",
        help="allow this image too, such as a sidecar of your own; may be repeated",
    )
    guard.add_argument(
        "--default-priority",
        metavar="CLASS",
        help="the PriorityClass of the cluster that has globalDefault, if one has",
    )
    guard.add_argument(
        "--trial", action="store_true", help="a policy that warns, and refuses nothing"
    )
    guard.add_argument(
        "--gatekeeper",
        action="store_true",
        help="the same as a template and a constraint for Gatekeeper",
    )


def _add(commands: "Subparsers", name: str, run: Run, text: str) -> argparse.ArgumentParser:
    about = f"{text[0].upper()}{text[1:]}."
    parser = commands.add_parser(name, help=text, description=about)
    parser.set_defaults(run=run)
    return parser


def _check(arguments: argparse.Namespace) -> int:
    from gpucommons_spawner.catalogue.environment import utc_today  # noqa: PLC0415
    from gpucommons_spawner.catalogue.file import (  # noqa: PLC0415 -- see above
        CatalogueError,
        checked_catalogue,
    )

    file: Path = arguments.file
    try:
        found = checked_catalogue(file, utc_today(), digests=arguments.digests)
        problems, valid = found.warnings, True
    except CatalogueError as error:
        problems, valid = error.problems, False
    if arguments.json:
        listed = [problem.as_json() for problem in problems]
        _print(json.dumps({"file": str(file), "valid": valid, "problems": listed}, indent=2))
    else:
        for problem in problems:
            sys.stderr.write(f"{problem.text(file)}\n")
        if valid:
            _print(f"{file}: valid")
    return 0 if valid else 1


def _schema(_arguments: argparse.Namespace) -> int:
    from gpucommons_spawner.catalogue import Catalogue  # noqa: PLC0415

    schema = Catalogue.model_json_schema()
    _print(
        json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2)
    )
    return 0


def _images(arguments: argparse.Namespace) -> int:
    from gpucommons_spawner.catalogue.environment import utc_today  # noqa: PLC0415
    from gpucommons_spawner.catalogue.exports import extra_images  # noqa: PLC0415

    catalogue = _load(arguments.file)
    if catalogue is None:
        return 1
    _print_yaml({"prePuller": {"extraImages": extra_images(catalogue, utc_today())}})
    return 0


def _manifests(arguments: argparse.Namespace) -> int:
    from gpucommons_contract import is_team_name  # noqa: PLC0415
    from gpucommons_spawner.catalogue.exports import manifests  # noqa: PLC0415

    for team in arguments.team:
        if not is_team_name(team):
            sys.stderr.write(f"{team} cannot be a team: a to z, 0 to 9, hyphens; 40 at most\n")
            return 1
    catalogue = _load(arguments.file)
    if catalogue is None:
        return 1
    _print_yaml(*(each for team in arguments.team for each in manifests(catalogue, team)))
    return 0


def _constraints(arguments: argparse.Namespace) -> int:
    from gpucommons_spawner.catalogue import is_image  # noqa: PLC0415
    from gpucommons_spawner.catalogue.constraints import constraints  # noqa: PLC0415
    from gpucommons_spawner.catalogue.environment import utc_today  # noqa: PLC0415
    from gpucommons_spawner.catalogue.gatekeeper import gatekeeper  # noqa: PLC0415

    for image in arguments.image:
        if not is_image(image):
            sys.stderr.write(f"{image!r} is not an image; write registry.example.org/sidecar:1\n")
            return 1
    catalogue = _load(arguments.file)
    if catalogue is None:
        return 1
    printed = constraints(
        catalogue,
        utc_today(),
        arguments.image,
        default_priority=arguments.default_priority,
        trial=arguments.trial,
    )
    if arguments.gatekeeper:
        printed = gatekeeper(printed[0], "warn" if arguments.trial else "deny")
    _print_yaml(*printed)
    return 0


def _load(file: Path) -> "Catalogue | None":
    """Read a catalogue; None if it has mistakes, which are printed."""
    from gpucommons_spawner.catalogue.environment import utc_today  # noqa: PLC0415
    from gpucommons_spawner.catalogue.file import (  # noqa: PLC0415
        CatalogueError,
        checked_catalogue,
    )

    try:
        return checked_catalogue(file, utc_today()).catalogue
    except CatalogueError as error:
        sys.stderr.write(f"{error}\n")
        return None


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _print_yaml(*documents: object) -> None:
    import yaml  # noqa: PLC0415

    class Dumper(yaml.SafeDumper):
        """Writes texts of several lines as such: a change of one line is a difference of one."""

    def written(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, written)
    yaml.dump_all(documents, sys.stdout, Dumper=Dumper, sort_keys=False, allow_unicode=True)
