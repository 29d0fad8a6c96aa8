"""What the pods run: ``python -m gpucommons_backup snapshot|restore|copy|tidy``."""

import argparse
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gpucommons_backup.checking import WHOLE, check
from gpucommons_backup.copying import copy
from gpucommons_backup.errors import (
    DAMAGED,
    HALF_MADE,
    BackupError,
    DamagedError,
    RepositoryHalfMadeError,
    RepositoryMissingError,
)
from gpucommons_backup.repository import Repository, Retention, Snapshot
from gpucommons_backup.restoring import Restored, choose, remove_unfinished, restore
from gpucommons_backup.taking import Occasion, Report, Taking
from gpucommons_backup.workspace.excludes import LARGEST, Excludes

_log = logging.getLogger("gpucommons.backup")
_TERMINATION_LOG = Path("/dev/termination-log")
"""Where Kubernetes reads a container's last words."""


def main(arguments: list[str] | None = None) -> int:
    """Take a snapshot, put one back, copy all, or forget what is not to be kept any longer."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    options = _parser().parse_args(arguments)
    # When Kubernetes ends the pod: restic's lock goes with it, and what was put back in part.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit("The pod was ended."))
    try:
        said = options.call(Repository(_restic_settings()), options)
    except DamagedError as error:
        return _failed(options.report, str(error), DAMAGED)
    except RepositoryHalfMadeError as error:
        return _failed(options.report, str(error), HALF_MADE)
    except BackupError as error:
        return _failed(options.report, str(error))
    except OSError as error:  # of the workspace, of our own folder, or where restic is not there
        where = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return _failed(options.report, f"{where}{error.strerror or error}.")
    _say(options.report, said)
    return 0


def _failed(report: Path, sentence: str, code: int = 1) -> int:
    _log.error("%s", sentence)
    _say(report, sentence)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gpucommons_backup", description=__doc__)
    parser.add_argument("--report", type=Path, default=_TERMINATION_LOG, help="file to report in")
    commands = parser.add_subparsers(required=True)
    snapshot = commands.add_parser("snapshot", help="take a snapshot of a workspace")
    snapshot.add_argument("workspace", type=Path, help="folder where it is mounted")
    snapshot.add_argument("--occasion", type=Occasion, choices=list(Occasion), required=True)
    snapshot.add_argument("--expected", action="store_true", help="fail if nothing was kept before")
    snapshot.add_argument("--verified", action="store_true", help="then verify all that is there")
    snapshot.add_argument(
        "--leave-out", action="append", default=[], metavar="NAME", help="a name, with * for any"
    )
    snapshot.add_argument(
        "--largest", type=int, default=LARGEST, metavar="BYTES", help="of a file that is kept"
    )
    snapshot.set_defaults(call=_snapshot)
    verified = commands.add_parser("verify", help="read what the store has, and compare it")
    verified.add_argument("--part", default=WHOLE, help="of the files' contents, such as 5%%")
    verified.add_argument(
        "--expected", default="", metavar="ID", help="a snapshot that must be there"
    )
    verified.set_defaults(call=_verify)
    back = commands.add_parser("restore", help="put a snapshot back into a new folder")
    back.add_argument("workspace", type=Path, help="folder where it is mounted")
    which = back.add_mutually_exclusive_group()
    which.add_argument("--snapshot", default="", metavar="ID", help="by default the newest")
    which.add_argument("--remove", action="store_true", help="what was put back in part, alone")
    which.add_argument("--at", type=_moment, metavar="TIME", help="the newest not after that")
    back.set_defaults(call=_restore)
    again = commands.add_parser("copy", help="copy all snapshots from RESTIC_FROM_REPOSITORY")
    again.add_argument("--expected", action="store_true", help="fail if nothing was copied before")
    again.set_defaults(call=_copy)
    tidy = commands.add_parser("tidy", help="forget snapshots by their age, and make room")
    kept = Retention()
    for name in ("within_days", "hourly", "daily", "weekly", "monthly", "person"):
        tidy.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(kept, name))
    tidy.add_argument("--keep-tag", action="append", default=[])
    tidy.set_defaults(call=_tidy)
    return parser


def _snapshot(repository: Repository, options: argparse.Namespace) -> str:
    report = _taken(repository, options, _snapshots_of(repository, expected=options.expected))
    if options.verified and report.snapshot:
        try:
            _verify_last(repository, report)
        except DamagedError as error:
            if report.is_new:
                raise
            _log.warning("another one is taken: %s", error)
            report = _taken(repository, options, [])
            _verify_last(repository, report)
    return report.to_json()


def _taken(
    repository: Repository, options: argparse.Namespace, known: Sequence[Snapshot]
) -> Report:
    """Take a snapshot, unless the newest of those that are known has the same."""
    with tempfile.TemporaryDirectory() as scratch:
        excludes = Excludes(options.leave_out, options.largest)
        taking = Taking(
            *(repository, options.workspace, Path(scratch), options.occasion), excludes=excludes
        )
        report = taking.take(known)
    _tell(report)
    return report


def _verify_last(repository: Repository, report: Report) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        check(repository, Path(scratch), WHOLE, report.snapshot)


def _snapshots_of(repository: Repository, *, expected: bool) -> list[Snapshot]:
    """List what a repository has, and make it where it is not there nor expected."""
    try:
        return repository.snapshots()
    except RepositoryMissingError:
        if expected:
            raise RepositoryMissingError(
                f"The store has no repository at {repository.address}, though this workspace had "
                "snapshots there: is its disk mounted, and is `store` in the settings right? "
                "Nothing was made anew."
            ) from None
    repository.create()
    return []


def _tell(report: Report) -> None:
    if not report.snapshot:
        _log.info("there is nothing in the workspace that is kept")
        return
    if not report.is_new:
        _log.info("nothing has changed since the snapshot %s", report.snapshot[:8])
        return
    _log.info(
        "snapshot %s of %d files, %d bytes; %d bytes more in the store",
        *(report.snapshot[:8], report.files, report.size, report.added),
    )
    for each in report.unread:
        _log.warning("not in it: %s", each)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found


def _restore(repository: Repository, options: argparse.Namespace) -> str:
    if options.remove:
        remove_unfinished(options.workspace)
        return Restored("", "", "", 0, 0).to_json()
    # The pod's name lets only one program use the repository: a lock is of one that was killed.
    repository.unlock()
    snapshot = choose(repository.snapshots(), identifier=options.snapshot, before=options.at)
    with tempfile.TemporaryDirectory() as scratch:
        done = restore(repository, options.workspace, snapshot, Path(scratch))
    _log.info("snapshot %s is in %r, %d files", done.snapshot[:8], done.folder, done.files)
    if done.not_compared:
        _log.warning("it has no notes, so it could not be compared with what was there")
    return done.to_json()


def _copy(_repository: Repository, options: argparse.Namespace) -> str:
    done = copy(_restic_settings(), expected=options.expected)
    _log.info("the second store has %d snapshots", done.snapshots)
    return done.to_json()


def _verify(repository: Repository, options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        done = check(repository, Path(scratch), options.part, options.expected)
    _log.info("what there is can be read, and is as it was")
    if done.not_compared:
        _log.warning("the newest snapshot has no notes, so it could not be compared")
    return done.to_json()


def _tidy(repository: Repository, options: argparse.Namespace) -> str:
    retention = Retention(
        within_days=options.within_days,
        hourly=options.hourly,
        daily=options.daily,
        weekly=options.weekly,
        monthly=options.monthly,
        person=options.person,
        tags=tuple(options.keep_tag),
    )
    repository.unlock()
    repository.forget(retention)
    repository.prune()
    return "{}"


def _restic_settings() -> dict[str, str]:
    """Return what restic reads: where the repository is, and the keys to it and to its store."""
    prefixes = ("RESTIC_", "AWS_", "GOMEMLIMIT")
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes)}


def _say(file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as error:
        _log.warning("no report was written to %s: %s", file, error.strerror)


if __name__ == "__main__":
    sys.exit(main())
