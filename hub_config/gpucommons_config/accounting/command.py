"""The commands ``gpucommons usage``: run accounting, report what was used, set prices.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gpucommons_config.accounting.calls import ask, print_answer
from gpucommons_config.accounting.erasing_commands import add_erasing
from gpucommons_config.accounting.importing_command import add_importing
from gpucommons_config.command_line import FindConfiguration, add_command, as_json, asking, fail

if TYPE_CHECKING:
    from gpucommons_config.command_line import Subparsers

_GROUPINGS = ("person", "team", "size", "environment", "product", "day")


def add_parsers(subparsers: "Subparsers", find_config: FindConfiguration) -> None:
    """Add the commands to the program. find_config as for the account commands."""
    text = "report what was used and what it cost, set prices"
    group = subparsers.add_parser("usage", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    asks, json = asking(find_config), as_json()
    report = add_command(commands, "report", _report, "sum up a month, or some days", asks, json)
    _add_period(report)
    report.add_argument(
        "--by", choices=_GROUPINGS, default="team", help="what the lines are about; team by default"
    )
    waits = "say how long starts waited, those that were given up included"
    _add_period(add_command(commands, "waits", _waits, waits, asks, json), whose=False)
    demand = "say what was asked for and not had: refused, given up, failed"
    _add_period(add_command(commands, "demand", _demand, demand, asks, json), whose=False)
    replayed = "replay recorded starts: who would not have waited with more GPUs"
    replay = add_command(commands, "replay", _replay, replayed, asks, json)
    _add_period(replay, whose=False)
    replay.add_argument("--product", required=True, help="the GPUs' model as its nodes name it")
    replay.add_argument(
        "--more", type=int, default=1, metavar="N", help="how many more GPUs; 1 by default"
    )
    pilot = "say how it goes in a quarter: what was measured, and what people answered"
    add_command(commands, "pilot", _pilot, pilot, asks, json).add_argument(
        "--quarter", metavar="QUARTER", help="such as 2026-Q4; this one by default"
    )
    export = add_command(commands, "export", _export, "write all charges as CSV", asks)
    _add_period(export)
    export.add_argument("--to", type=Path, metavar="FILE", help="file; standard output without")
    add_command(commands, "prices", _prices, "list the prices", asks, json)
    price = add_command(
        commands,
        "price",
        _price,
        "set what an hour of one GPU costs, from a day on",
        asks,
        json,
    )
    price.add_argument("rate", metavar="RATE", help="in the site's currency, such as 1.20")
    price.add_argument(
        "--product", default="", help="the GPU's model as its nodes name it; without, of all others"
    )
    price.add_argument("--from", dest="first", metavar="DAY", help="today by default")
    add_erasing(commands, asks, json)
    add_importing(commands, json)
    run = add_command(
        commands, "run", _run, "run accounting with the settings that GPUCOMMONS_VALUES names"
    )
    _add_database(run)
    run.add_argument(
        "--lease", metavar="NAME", help="Lease by which replicas agree on the one that records"
    )
    run.add_argument("--port", type=int, help="port for the pages")
    rebuild = add_command(
        commands, "rebuild", _rebuild, "derive all sessions anew from what was learnt"
    )
    _add_database(rebuild)


def _add_period(parser: argparse.ArgumentParser, *, whose: bool = True) -> None:
    parser.add_argument("--month", metavar="MONTH", help="such as 2026-11; this one by default")
    parser.add_argument(
        "--period", metavar="PERIOD", help="a quarter such as 2026-Q4, a year such as 2026, a month"
    )
    parser.add_argument("--since", metavar="DAY", help="first day, such as 2026-11-27")
    parser.add_argument("--until", metavar="DAY", help="last day")
    if whose:
        parser.add_argument("--person", metavar="NAME", help="of one person alone")
        parser.add_argument("--team", metavar="NAME", help="of one team alone")


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--db-url", metavar="URL", help="use this database")


def _report(arguments: argparse.Namespace) -> int:
    answer = ask(
        arguments, "GET", "usage", {**_period(arguments), "by": arguments.by, "late": "yes"}
    )
    return print_answer(arguments, answer, lambda said: _report_lines(said, arguments.by))


def _waits(arguments: argparse.Namespace) -> int:
    from gpucommons_config.accounting.demand_lines import waits_lines  # noqa: PLC0415 -- see above

    answer = ask(arguments, "GET", "waits", _period(arguments))
    return print_answer(arguments, answer, waits_lines)


def _demand(arguments: argparse.Namespace) -> int:
    from gpucommons_config.accounting.demand_lines import demand_lines  # noqa: PLC0415 -- see above

    return print_answer(
        arguments, ask(arguments, "GET", "demand", _period(arguments)), demand_lines
    )


def _replay(arguments: argparse.Namespace) -> int:
    from gpucommons_config.accounting.replay_lines import replay_lines  # noqa: PLC0415 -- see above

    query = {**_period(arguments), "product": arguments.product, "more": str(arguments.more)}
    return print_answer(arguments, ask(arguments, "GET", "replay", query), replay_lines)


def _pilot(arguments: argparse.Namespace) -> int:
    from gpucommons_config.accounting.pilot_lines import pilot_lines  # noqa: PLC0415 -- see above

    query = {"quarter": arguments.quarter} if arguments.quarter else {}
    return print_answer(arguments, ask(arguments, "GET", "pilot", query), pilot_lines)


def _export(arguments: argparse.Namespace) -> int:
    """Write the file as it comes; under its name only once it is complete."""
    query = {**_period(arguments), "format": "csv"}
    try:
        if arguments.to is None:
            with tempfile.TemporaryFile() as file:
                if ask(arguments, "GET", "sessions", query, into=file) is None:
                    return 1
                file.seek(0)
                shutil.copyfileobj(file, sys.stdout.buffer)
            return 0
        part = arguments.to.with_name(f"{arguments.to.name}.part")
        with part.open("wb") as file:
            answer = ask(arguments, "GET", "sessions", query, into=file)
        if answer is None:
            part.unlink()
            return 1
        part.replace(arguments.to)
    except OSError as error:
        return fail(f"{arguments.to or 'The file'} cannot be written: {error.strerror}")
    sys.stdout.write(f"Written to {arguments.to}.\n")
    return 0


def _prices(arguments: argparse.Namespace) -> int:
    def lines(said: dict[str, Any]) -> Iterator[str]:
        for each in said["prices"]:
            yield _price_line(each, said["currency"])
        if not said["prices"]:
            yield "There are no prices. Set one with: gpucommons usage price RATE"

    return print_answer(arguments, ask(arguments, "GET", "prices", {}), lines)


def _price(arguments: argparse.Namespace) -> int:
    wanted = {"product": arguments.product, "rate": arguments.rate}
    wanted |= {"valid_from": arguments.first} if arguments.first else {}
    answer = ask(arguments, "POST", "prices", {}, wanted)
    return print_answer(arguments, answer, lambda said: iter([_price_line(said)]))


def _price_line(said: Mapping[str, str], currency: str = "") -> str:
    rate = f"{said['rate']} {currency}".rstrip()
    return f"{rate} for an hour of {said['product'] or 'any other GPU'} from {said['valid_from']}"


def _report_lines(said: dict[str, Any], by: str) -> Iterator[str]:
    rows = [*said["lines"], {**said["total"], "title": "All"}]
    names = [row["title"] or "not known" for row in rows]
    width = max(len(by), *map(len, names))
    yield (
        f"{by.capitalize():{width}}  Allocated    Charged       Used       Idle  Efficiency"
        f"  Starts  Cost ({said['currency']})"
    )
    for name, row in zip(names, rows, strict=True):
        amounts = ("allocated", "charged", "used", "idle")
        hours = "".join(f"  {float(row[f'{each}_gpu_hours']):9.2f}" for each in amounts)
        missing = float(row["not_priced_gpu_hours"])
        cost = row["cost"] + (f" + {missing:.2f} h not priced" if missing else "")
        yield f"{name:{width}}{hours}  {_efficiency(row):>10}  {row['started']:6}  {cost}"
    yield f"GPU-hours until {said['as_of'][:16]} UTC, in days of {said['time_zone']}."
    if late := said["changed_after_close"]:
        yield f"Changed after its close, when more was learnt of it: {late[:10]}."
    for each in said["adjustments"]:
        whose = each["person"] or each["team"]
        time, money = (-Decimal(each[name]) for name in ("gpu_hours", "money"))
        back = f"{time:+.2f} GPU-hours, {money:+f} {each['currency']}"
        yield f"Refund of {each['effective_at'][:10]} to {whose}: {back}: {each['reason']}"
    if said["adjustments"]:
        net = said["net"]
        yield f"With refunds: {float(net['charged_gpu_hours']):.2f} charged, cost {net['cost']}."
    total = said["total"]
    if float(total["allocated_gpu_hours"]):
        known = float(total["coverage"] or 0)
        yield f"How busy GPUs were is known of {known:.0%} of what was allocated."
    if uncertain := said["total"]["uncertain_ends"]:
        more = float(said["total"]["uncertain_gpu_hours"])
        yield f"{uncertain} ended unseen: it may have been {more:.2f} GPU-hours more."


def _efficiency(row: Mapping[str, Any]) -> str:
    """Write the used part of what is known, and how much that is: ``40% of 75%``."""
    if row["efficiency"] is None:
        return "not known" if float(row["allocated_gpu_hours"]) else ""
    return f"{float(row['efficiency']):.0%} of {float(row['coverage']):.0%}"


def _period(arguments: argparse.Namespace) -> dict[str, str]:
    names = ("month", "period", "since", "until", "person", "team")
    return {name: value for name in names if (value := getattr(arguments, name, None))}


def _run(arguments: argparse.Namespace) -> int:
    from gpucommons_config.accounting.service import run  # noqa: PLC0415 -- see above

    return run(db_url=arguments.db_url, port=arguments.port, lease=arguments.lease)


def _rebuild(arguments: argparse.Namespace) -> int:
    from gpucommons_config.accounting.service import rebuild  # noqa: PLC0415 -- see above

    return rebuild(db_url=arguments.db_url)
