"""The commands ``gpucommons budget``: set budgets, see what is left, grant more, refund.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gpucommons_config.accounting.calls import ask, print_answer
from gpucommons_config.command_line import FindConfiguration, add_command, as_json, asking

if TYPE_CHECKING:
    from gpucommons_config.command_line import Subparsers

_PERIODS = ("month", "quarter", "year", "term")


def add_parsers(subparsers: "Subparsers", find_config: FindConfiguration) -> None:
    """Add the commands to the program. find_config as for the account commands."""
    text = "set budgets, see what is left of them, grant more, refund"
    group = subparsers.add_parser("budget", help=text, description=f"{text.capitalize()}.")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    common = (asking(find_config), as_json())
    changing = _changing()
    made = add_command(
        commands, "set", _set, "set how much somebody may use, from a day on", *common, changing
    )
    made.add_argument(
        "amount",
        metavar="AMOUNT",
        help="such as 40; unlimited; or default, which is what everybody has",
    )
    _add_subject(made, everybody=True)
    made.add_argument("--period", choices=_PERIODS, default="month", help="month by default")
    made.add_argument("--first-day", metavar="DAY", help="of a term")
    made.add_argument("--last-day", metavar="DAY", help="of a term")
    made.add_argument(
        "--warn-at", metavar="PERCENTS", help="when people are warned; 80,100 by default"
    )
    made.add_argument(
        "--at-limit",
        choices=("warn", "deny"),
        default="warn",
        help="deny refuses starts once nothing is left, and stops nothing; warn by default",
    )
    made.add_argument("--from", dest="valid_from", metavar="DAY", help="today by default")
    add_command(commands, "list", _list, "list what is left of all budgets", *common)
    grant = add_command(
        commands, "grant", _grant, "enlarge a budget in one period", *common, changing
    )
    grant.add_argument("amount", metavar="AMOUNT", help="such as 10; -10 takes that back")
    _add_subject(grant)
    refund = add_command(
        commands, "refund", _refund, "let something count as not charged", *common, changing
    )
    refund.add_argument(
        "amount", metavar="AMOUNT", nargs="?", help="such as 1.5; without, all of the session"
    )
    _add_subject(refund).add_argument("--session", metavar="ID", help="the one that it is about")
    for each in (grant, refund):
        each.add_argument(
            "--on", dest="effective", metavar="DAY", help="in whose period it counts; today's"
        )
    history = add_command(
        commands, "history", _history, "list who changed what, the newest first", *common
    )
    _add_subject(history, required=False)


def _changing() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--unit", metavar="UNIT", help="gpu-hours, or the site's currency; gpu-hours by default"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why; it is kept, and others read it")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    return parser


def _add_subject(
    parser: argparse.ArgumentParser, *, everybody: bool = False, required: bool = True
) -> "argparse._MutuallyExclusiveGroup":
    group = parser.add_mutually_exclusive_group(required=required)
    group.add_argument("--person", metavar="NAME", help="one person's")
    group.add_argument("--team", metavar="NAME", help="one team's")
    if everybody:
        group.add_argument(
            "--each-person", action="store_true", help="of everybody who has none of their own"
        )
        group.add_argument(
            "--each-team", action="store_true", help="of every team that has none of its own"
        )
    return group


def _set(arguments: argparse.Namespace) -> int:
    names = ("period", "first_day", "last_day", "warn_at", "at_limit", "valid_from")
    return _change(arguments, "budgets", names, _budget_line)


def _grant(arguments: argparse.Namespace) -> int:
    return _change(arguments, "grants", ("effective",), _adjustment_line)


def _refund(arguments: argparse.Namespace) -> int:
    return _change(arguments, "refunds", ("effective", "session"), _adjustment_line)


def _change(
    arguments: argparse.Namespace,
    path: str,
    names: tuple[str, ...],
    line: Any,  # noqa: ANN401
) -> int:
    from gpucommons_config.service_client import BUDGETS  # noqa: PLC0415 -- see above

    names += ("amount", "unit", "reason")
    body = {name: value for name in names if (value := getattr(arguments, name))}
    body |= _subject(arguments) | ({"dry_run": "yes"} if arguments.dry_run else {})
    answer = ask(arguments, "POST", path, {}, body, service=BUDGETS)

    def lines(said: Mapping[str, Any]) -> Iterator[str]:
        yield ("Would be: " if arguments.dry_run else "") + line(said)

    return print_answer(arguments, answer, lines)


def _list(arguments: argparse.Namespace) -> int:
    return print_answer(arguments, ask(arguments, "GET", "budgets", {}), _list_lines)


def _history(arguments: argparse.Namespace) -> int:
    answer = ask(arguments, "GET", "budgets/history", _subject(arguments))
    return print_answer(arguments, answer, _history_lines)


def _subject(arguments: argparse.Namespace) -> dict[str, str]:
    for kind in ("person", "team"):
        if name := getattr(arguments, kind):
            return {"for": kind, "name": name}
        if getattr(arguments, f"each_{kind}", False):
            return {"for": kind}
    return {}


def _list_lines(said: dict[str, Any]) -> Iterator[str]:
    names = [_whose(each) for each in said["budgets"]]
    width = max(len("Budget of"), *map(len, names), 0) if names else 0
    if not names:
        yield "There are no budgets. Set one with: gpucommons budget set AMOUNT --each-person"
        return
    yield f"{'Budget of':{width}}      Amount        Left  Unit       Used    At limit  Resets"
    for name, each in zip(names, said["budgets"], strict=True):
        amount, left = (float(each[key]) for key in ("amount", "left"))
        used = f"{float(each['used_percent']):.0f} %" if each["name"] else ""
        yield (
            f"{name:{width}}  {amount:10.2f}  {left:10.2f}  {each['unit']:9}  {used:>6}  "
            f"{each['at_limit']:8}  {_moment(each['resets_at'])}"
        )
    yield f"Until {_moment(said['as_of'])} UTC; resets by the clock of {said['time_zone']}."


def _history_lines(said: dict[str, Any]) -> Iterator[str]:
    lines = [(each["made_at"], _budget_line(each)) for each in said["budgets"]]
    lines += [(each["made_at"], _adjustment_line(each)) for each in said["adjustments"]]
    if not lines:
        yield "Nothing was ever set, granted or refunded."
    for made_at, line in sorted(lines, reverse=True):
        yield f"{_moment(made_at)} UTC  {line}"


def _budget_line(said: Mapping[str, Any]) -> str:
    amount = said["amount"]
    if amount[0].isdigit():
        amount = f"{float(amount):g} {said['unit']} a {said['period']}, then {said['at_limit']}"
        if said["period"] == "term":
            amount += f" ({said['first_day']} to {said['last_day']})"
    else:
        amount = f"{amount} in {said['unit']}"
    return f"{_whose(said)}: {amount}, from {_moment(said['valid_from'])} UTC{_by(said)}"


def _adjustment_line(said: Mapping[str, Any]) -> str:
    whose = " and ".join(f"{kind} {said[kind]}" for kind in ("person", "team") if said[kind])
    amounts = [f"{float(said['gpu_hours']):g} GPU-hours"] if float(said["gpu_hours"]) else []
    amounts += [f"{said['money']} {said['currency']}"] if float(said["money"]) else []
    what = f"{said['kind']} of {' and '.join(amounts) or 'nothing'}"
    about = f" for session {said['session']}" if said["session"] else ""
    return f"{whose}: {what}{about}, counts {_moment(said['effective_at'])} UTC{_by(said)}"


def _whose(said: Mapping[str, Any]) -> str:
    return f"{said['for']} {said['name']}" if said["name"] else f"each {said['for']}"


def _by(said: Mapping[str, Any]) -> str:
    return f", by {said['by']}" + (f": {said['reason']}" if said["reason"] else "")


def _moment(text: str) -> str:
    return text[:16].replace("T", " ")
