"""The commands ``gpucommons backup recovery-key`` and ``drill``: for when the cluster is gone.

Only what parses the arguments is imported here, and the rest once a command is chosen.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
    from gpucommons_backup.drill import Checked, Drill, DrillReport

_SAMPLE = 5
_HIT, _NOT_DONE = 1, 2
"""Exit codes of a drill: somebody's files are not whole; the drill could not begin."""


def add_parsers(commands: "Subparsers") -> None:
    """Add the commands to those of ``gpucommons backup``."""
    _add_key(commands)
    _add_drill(commands)


def _add_key(commands: "Subparsers") -> None:
    text = "make a recovery key, and write the recovery sheet with it, once"
    parser = commands.add_parser(
        "recovery-key",
        help=text,
        description=f"{text.capitalize()}. Give it on a machine outside of the cluster: the key is "
        "kept nowhere but on the sheet.",
    )
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="backup.yaml, with the stores"
    )
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help="new file for the sheet, instead of the output"
    )
    parser.set_defaults(run=_make_key)


def _add_drill(commands: "Subparsers") -> None:
    text = "put workspaces back from a store with the recovery key, and compare them"
    parser = commands.add_parser(
        "drill",
        help=text,
        description=f"{text.capitalize()} with the lists that were made when they were taken. It "
        "opens the second store (`copy` in backup.yaml), or the first one where there is none. "
        "Exit code 0: all are identical; 1: it names who is hit; 2: it could not begin. It needs "
        "restic.",
    )
    parser.add_argument(
        "--config", type=Path, required=True, metavar="FILE", help="backup.yaml, with the stores"
    )
    parser.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="file with the recovery key"
    )
    parser.add_argument("--first", action="store_true", help="open the first store in any case")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--sample",
        type=_number,
        default=_SAMPLE,
        metavar="N",
        help=f"how many workspaces, chosen at random; {_SAMPLE} by default",
    )
    which.add_argument("--all", action="store_true", help="all workspaces")
    which.add_argument("--repository", default="", metavar="NAME", help="this one alone")
    parser.add_argument(
        "--scratch",
        type=Path,
        metavar="FOLDER",
        help="where there is room for the largest workspace; by default for temporary files",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--no-note", action="store_true", help="leave no report in the store, for metrics"
    )
    parser.set_defaults(run=_drill)


def _number(text: str) -> int:
    found = int(text)
    if found < 1:
        raise ValueError(f"{text} is less than 1")
    return found


def _make_key(arguments: argparse.Namespace) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415 -- see above

    from gpucommons_backup.controller.settings import read_stores  # noqa: PLC0415
    from gpucommons_backup.errors import BackupError  # noqa: PLC0415
    from gpucommons_backup.recovery import new_key  # noqa: PLC0415
    from gpucommons_backup.recovery.sheet import StoreOnSheet, sheet  # noqa: PLC0415

    try:
        settings = read_stores(arguments.config)
        stores = [StoreOnSheet(settings.store)]
        if settings.copies:
            stores.append(StoreOnSheet(settings.copies.store, is_copy=True))
        key = new_key()
        text = sheet(key, stores, datetime.now(UTC).date())
        if arguments.to:
            arguments.to.touch(mode=0o600, exist_ok=False)
            arguments.to.write_text(text)
        else:
            sys.stdout.write(text)
    except (BackupError, OSError) as error:
        sys.stderr.write(f"gpucommons: {error}\n")
        return 1
    sys.stderr.write(
        "Print the sheet, and delete it here: it is not shown again. Have somebody try it. Then "
        f"put this into backup.yaml:\n\nrecovery: {{recipient: {key.recipient}}}\n"
    )
    if settings.recovery:
        sys.stderr.write(
            "\nIt has another one. What is sealed from now on opens with the new sheet; keep the "
            "old one for 30 days, and then destroy it.\n"
        )
    return 0


def _drill(arguments: argparse.Namespace) -> int:
    import tempfile  # noqa: PLC0415 -- see above

    from gpucommons_backup.controller.settings import read_stores  # noqa: PLC0415
    from gpucommons_backup.drill import Drill  # noqa: PLC0415
    from gpucommons_backup.errors import BackupError  # noqa: PLC0415
    from gpucommons_backup.recovery import read_key  # noqa: PLC0415

    try:
        settings = read_stores(arguments.config)
        place = None if arguments.first else settings.copies
        if place is None:
            why = "as was asked" if arguments.first else "there is no `copy` in backup.yaml"
            _say(f"This drill opens the first store, {why}: it does not try the one elsewhere.")
        key = read_key(arguments.key)
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
            drill = Drill(
                (place or settings).store,
                (place or settings).login(),
                key,
                Path(scratch),
                is_copy=place is not None,
                tell=_tell,
            )
            most = None if arguments.all else arguments.sample
            report = drill.run(most=most, repository=arguments.repository)
            _print(report, as_json=arguments.json)
            if not arguments.no_note:
                _keep(drill, report)
    except (BackupError, OSError) as error:
        _say(f"gpucommons: {error}")
        return _NOT_DONE
    return _HIT if report.hit else 0


def _keep(drill: "Drill", report: "DrillReport") -> None:
    from gpucommons_backup.errors import BackupError  # noqa: PLC0415 -- see above

    try:
        drill.keep(report)
    except BackupError as error:  # such as of a login that may only read
        _say(f"The store does not keep the report, so metrics do not know of this drill: {error}")


def _whose(checked: "Checked") -> str:
    return f"{checked.owner} of team {checked.team}"


def _tell(checked: "Checked") -> None:
    whose = f"{_whose(checked)}, {checked.repository}"
    size = f"{checked.files} files, {checked.size / 1e6:.1f} MB, as of {checked.moment}"
    _say(f"{whose}: {checked.outcome}" + (f", {size}" if checked.whole else f": {checked.says}"))


def _print(report: "DrillReport", *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(f"{report.to_json()}\n")
        return
    count = len(report.checked)
    sys.stdout.write(
        f"{count - len(report.hit)} of {count} workspaces came back identical from {report.store}; "
        f"it has {report.expected} of {report.known}.\n"
    )
    for each in report.hit:
        sys.stdout.write(f"hit: {_whose(each)}: {each.says}\n")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
