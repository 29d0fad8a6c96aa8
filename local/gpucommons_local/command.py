"""The ``gpucommons`` commands that run the local platform."""

import argparse
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from gpucommons_local.down import down
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu import command as sim
from gpucommons_local.hub.local_catalogue import local_catalogue
from gpucommons_local.hub.people_file import people_file
from gpucommons_local.images import find
from gpucommons_local.machine.certificates import certificate_files
from gpucommons_local.machine.instance import DEFAULT_NAME, DEFAULT_PORT, Instance, load, saved
from gpucommons_local.machine.node import enter_command
from gpucommons_local.machine.supervision import Program, Supervisor
from gpucommons_local.platform import Platform
from gpucommons_local.progress import Steps, console
from gpucommons_local.status import PlatformStatus, accounts, status
from gpucommons_local.up import build_all, build_images, build_programs, references, up

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

_SWITCHED = (
    "It is reached by another protocol than before: everybody signs in again, at the new address. "
    "Files and running sessions stay."
)


def add_parsers(subparsers: "Subparsers") -> None:
    """Add the local platform's commands to the program."""
    start = _add(subparsers, "up", "start the local platform", _up)
    start.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="the hub's port on 127.0.0.1 (%(default)s)"
    )
    what = start.add_mutually_exclusive_group()
    what.add_argument(
        "--https",
        action="store_true",
        help="serve hub and Dex by HTTPS, with an authority of the platform's own; without it, "
        "HTTP again",
    )
    what.add_argument(
        "--only-cluster",
        action="store_true",
        help="a cluster to install GPU Commons on: it enforces NetworkPolicies, and has Kueue and "
        "simulated GPUs, and nothing else",
    )
    _add(subparsers, "down", "stop the local platform; files stay", _down)
    build = _add(subparsers, "build", "build programs and images, start nothing", _build)
    build.add_argument("--tests", action="store_true", help="also get what the tests need")
    images = _add(subparsers, "images", "build more environments", _images)
    images.add_argument("images", nargs="+", metavar="IMAGE", help="such as pytorch, scipy:2026.05")
    shown = _add(
        subparsers, "status", "show address, accounts and the health of each part", _status
    )
    shown.add_argument("--json", action="store_true", help="for programs")
    restart = _add(subparsers, "restart", "stop and start one part", _restart)
    restart.add_argument("part", help="as `gpucommons status` names it, such as hub")
    inside = _add(subparsers, "exec", "run a command inside the node", _exec)
    inside.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="COMMAND", help="such as kubectl get pods -A"
    )
    sim.add_parser(subparsers)
    parser = subparsers.choices["sim"]
    parser.add_argument("--name", default=DEFAULT_NAME, help=argparse.SUPPRESS)
    parser.set_defaults(run=_sim)


def _add(subparsers: "Subparsers", name: str, text: str, run: "object") -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.add_argument("--name", default=DEFAULT_NAME, help="which platform (%(default)s)")
    parser.set_defaults(run=run)
    return parser


def _up(arguments: argparse.Namespace) -> int:
    steps = Steps()
    before = saved(arguments.name)
    instance = Instance(
        arguments.name,
        arguments.port,
        https=arguments.https,
        only_cluster=arguments.only_cluster,
    )
    platform = up(instance, steps)
    if instance.only_cluster:
        console.print(
            f"\nA cluster runs ({steps.total():.0f} s): export "
            f"KUBECONFIG={platform.instance.kubeconfig}"
        )
        return 0
    console.print(
        f"\nGPU Commons runs at [bold]{platform.instance.url}[/] ({steps.total():.0f} s)."
    )
    _print_trust(instance)
    if before and before.https != instance.https:
        console.print(_SWITCHED)
    _print_accounts(platform.instance)
    console.print("Stop it: make down")
    return 0


def _down(arguments: argparse.Namespace) -> int:
    down(load(arguments.name), Steps())
    return 0


def _build(arguments: argparse.Namespace) -> int:
    build_all(Steps(), tests=arguments.tests)
    return 0


def _images(arguments: argparse.Namespace) -> int:
    steps = Steps()
    build_programs(steps)
    build_images([find(each) for each in arguments.images], steps)
    if Supervisor(Instance(arguments.name)).running():
        up(load(arguments.name), steps)
    return 0


def find_people_file() -> Path | None:
    """Return what the account commands read to work on this machine's platform, if there is one."""
    file = people_file(Instance())
    return file if file.exists() else None


def _programs(instance: Instance) -> list[Program]:
    """Return the programs of a platform, also where what they were built of is gone."""
    return Supervisor(instance).recorded() or (
        Platform(instance, references(), local_catalogue()).programs()
    )


def _status(arguments: argparse.Namespace) -> int:
    instance = load(arguments.name)
    found = status(instance, _programs(instance))
    if arguments.json:
        print(json.dumps(found, indent=2))  # noqa: T201
    else:
        _print_status(instance, found)
    return 0 if found["running"] else 3


def _print_status(instance: Instance, found: PlatformStatus) -> None:
    table = Table("Part", "State", "Process", "Healthy", box=None)
    for name, part in found["parts"].items():
        healthy = "[green]yes[/]" if part["healthy"] else "[red]no[/]"
        table.add_row(name, part["state"].lower(), str(part["pid"] or ""), healthy)
    console.print(table)
    console.print(f"\nAddress     {found['url']}")
    if found["authority"]:
        console.print(f"Trust       {found['authority']}", soft_wrap=True)
    console.print(f"kubeconfig  {found['kubeconfig']}")
    console.print(f"Logs        {instance.logs}")
    _print_accounts(instance)


def _print_trust(instance: Instance) -> None:
    if instance.https:
        # On a line of its own and whole, to be copied.
        console.print("Let your browser trust this authority of the platform's own:")
        console.print(str(certificate_files(instance).authority), soft_wrap=True)


def _print_accounts(instance: Instance) -> None:
    table = Table("Demo account", "Password", "Groups", box=None)
    for each in accounts(instance):
        table.add_row(each["username"], escape(each["password"]), ", ".join(each["groups"]))
    console.print(table)


def _restart(arguments: argparse.Namespace) -> int:
    instance = load(arguments.name)
    supervisor = Supervisor(instance)
    known = {each.name: each for each in _programs(instance)}
    if arguments.part not in known:
        console.print(f"There is no part {arguments.part}. Parts: {', '.join(known)}.")
        return 2
    if not supervisor.running():
        raise PlatformError(f"The platform {instance.name} is not running. Start it: make up")
    with Steps().step(f"Restart {arguments.part}"):
        supervisor.stop(arguments.part)
        supervisor.start(known[arguments.part])
    return 0


def _exec(arguments: argparse.Namespace) -> int:
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    environment = {**os.environ, "KUBECONFIG": str(load(arguments.name).kubeconfig)}
    inside = [enter_command(load(arguments.name)), *(command or ["/bin/sh"])]
    return subprocess.run(inside, check=False, env=environment).returncode


def _sim(arguments: argparse.Namespace) -> int:
    return sim.run(arguments, load(arguments.name).driver_root)
