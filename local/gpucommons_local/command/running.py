"""What the commands of the local platform do."""

import argparse
import json
import os
import subprocess
from collections.abc import Callable, Mapping

from rich.markup import escape
from rich.table import Table

from gpucommons_local.builds import (
    build_all,
    build_images,
    build_programs,
    missing_later,
    references,
)
from gpucommons_local.down import down
from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu import command as sim
from gpucommons_local.hub.local_catalogue import local_catalogue
from gpucommons_local.images import find
from gpucommons_local.machine.certificates import certificate_files
from gpucommons_local.machine.instance import OBSERVABILITY, Instance, load, saved
from gpucommons_local.machine.node import enter_command
from gpucommons_local.machine.supervision import Program, Supervisor
from gpucommons_local.machine.volumes import why_not_enforced
from gpucommons_local.platform import Platform
from gpucommons_local.progress import Steps, console
from gpucommons_local.status import LaterBuildsStatus, PlatformStatus, accounts, status
from gpucommons_local.up import up

_SWITCHED = (
    "It is reached by another protocol than before: everybody signs in again, at the new address. "
    "Files and running sessions stay."
)


def _up(arguments: argparse.Namespace) -> int:
    steps = Steps()
    before = saved(arguments.name)
    instance = Instance(
        arguments.name,
        arguments.port,
        https=arguments.https,
        only_cluster=arguments.only_cluster,
        environments=tuple(
            dict.fromkeys(find(each).title for each in arguments.environments or ())
        ),
        observability=OBSERVABILITY in arguments.addon and not arguments.only_cluster,
    )
    platform = up(instance, steps, everything=arguments.all)
    if notice := why_not_enforced(instance):
        console.print(f"\n{notice}", markup=False, style="yellow")
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
    if missing := missing_later(instance.environments):
        console.print(
            f"Being built meanwhile, and in use once it is there: {', '.join(missing)}. "
            "How far it is: make status"
        )
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


def _programs(instance: Instance) -> list[Program]:
    """Return the programs of a platform, also where what they were built of is gone."""
    return Supervisor(instance).recorded() or (
        Platform(instance, references(), local_catalogue(instance.environments)).programs()
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
    for title, address in found["observability"].items():
        console.print(f"{title:12}{address}")
    console.print(f"kubeconfig  {found['kubeconfig']}")
    console.print(f"Logs        {instance.logs}")
    if found["sizes_not_enforced"]:
        console.print(f"Storage     {found['sizes_not_enforced']}", markup=False)
    _print_later_builds(found["later_builds"])
    _print_accounts(instance)


def _print_later_builds(found: LaterBuildsStatus) -> None:
    if found["state"] == "built":
        return
    retry = "" if found["state"] == "being built" else ", again with make up"
    missing = f": {', '.join(found['missing'])}" if found["missing"] else ""
    console.print(f"Later       {found['state']}{retry}{missing}", markup=False)
    console.print(f"            {found['log']}", soft_wrap=True)


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


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "up": _up,
    "down": _down,
    "build": _build,
    "images": _images,
    "status": _status,
    "restart": _restart,
    "exec": _exec,
    "sim": _sim,
}
"""By the names that they are called by; each returns its exit code."""
