"""What ``gpucommons slo report`` does: asks Prometheus, sums up, prints."""

import argparse
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gpucommons_accounting.reckoning.periods.calendar import Calendar
from gpucommons_doctor.trust import trusting

from gpucommons_config.command_line import fail, show
from gpucommons_config.installation import VARIABLE, installation
from gpucommons_config.slo.asked_period import PeriodError, asked_period
from gpucommons_config.slo.history import History, HistoryError
from gpucommons_config.slo.objective import DEFAULT_FILE, ObjectivesError, read_objectives
from gpucommons_config.slo.report import Known, is_empty, report
from gpucommons_config.slo.report_lines import no_data, report_lines


class _InputError(Exception):
    """Something that was given and cannot be used."""


def run(arguments: argparse.Namespace) -> int:
    """Print the report; returns the exit code, 1 where there is none."""
    now = datetime.now(UTC)
    try:
        objectives = read_objectives(arguments.file or DEFAULT_FILE)
        calendar = _calendar(arguments.time_zone)
        asked = asked_period(calendar, now, arguments.month, arguments.since, arguments.until)
        history = History(
            arguments.prometheus,
            trusted=_trusted(arguments.ca),
            token=_token(arguments.token_file),
            labels=_labels(arguments.label),
        )
        try:
            recorded = history.recorded(objectives, asked.reported.begin, asked.reported.end)
            known = Known(history.loaded(), history.retention())
        finally:
            history.close()
    except (ObjectivesError, PeriodError, HistoryError, _InputError) as error:
        return fail(str(error))
    said = report(objectives, recorded, asked, known, now)
    if is_empty(said):
        return fail(no_data(said, arguments.prometheus))
    show(arguments, said, report_lines)
    return 0


def _calendar(given: str | None) -> Calendar:
    """Return the site's days: as given, as the installation's settings say, or UTC's."""
    zone = given or str(installation().Accounting.get("time_zone", "UTC"))
    try:
        return Calendar(zone)
    except ValueError as error:
        where = "--time-zone" if given else f"Accounting.time_zone in the file of {VARIABLE}"
        raise _InputError(f"{where}: {error}.") from error


def _labels(given: Sequence[tuple[str, str]]) -> dict[str, str]:
    names = [name for name, _ in given]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise _InputError(f"--label {twice[0]} is given twice. A report is about one installation.")
    return dict(given)


def _trusted(ca: Path | None) -> ssl.SSLContext:
    try:
        return trusting(ca)
    except OSError as error:
        raise _InputError(f"The file {ca} cannot be used: {error}. Correct --ca.") from error


def _token(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        token = file.read_text(encoding="ascii").strip()
    except OSError as error:
        raise _InputError(
            f"{file} cannot be read: {error.strerror}. Correct --token-file."
        ) from None
    except UnicodeDecodeError:
        token = ""
    if not token.isprintable() or not token:
        raise _InputError(f"{file} must hold one line, the token alone. Correct --token-file.")
    return token
