"""The CSV file of people: read and checked as a whole. Pure."""

import csv
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gpucommons_people.accounts.newcomer import Newcomer, check_team, newcomer
from gpucommons_people.errors import InputError
from gpucommons_people.names import account_name

COLUMNS = ("email", "name", "teams")
OPTIONAL = ("admin",)
_YES, _NO = {"yes", "true", "1"}, {"no", "false", "0", ""}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file. line counts from 1, the header's."""

    line: int
    person: Newcomer


def read_people(file: Path, teams: Collection[str]) -> tuple[Row, ...]:
    """Read a file; teams are those there are. Raises InputError with every mistake and its line."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    return parse_people(content, teams, str(file))


def parse_people(content: bytes, teams: Collection[str], where: str) -> tuple[Row, ...]:
    """Read the content of a file that is called where; see `read_people`."""
    rows: dict[str, Row] = {}
    problems = []
    for line, fields in _lines(_decoded(content, where), where):
        try:
            person = _person(fields, teams)
        except InputError as error:
            problems += [f"line {line}: {each}" for each in error.problems]
            continue
        if first := rows.get(person.user):
            problems.append(f"line {line}: {person.user} is in line {first.line} already.")
        else:
            rows[person.user] = Row(line, person)
    if problems:
        raise InputError(f"{where} has mistakes; nothing was changed.", tuple(problems))
    return tuple(rows.values())


def _decoded(content: bytes, where: str) -> str:
    try:
        # Spreadsheets mark UTF-8 with three bytes at the beginning.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{where}, line {line} is not UTF-8: byte {content[error.start]:#04x}. Nothing was "
            "changed. Save the file as CSV with the encoding UTF-8."
        ) from error


def _lines(text: str, where: str) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Yield each line's number with its fields, or with what is wrong with it."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    last = 0
    try:
        for values in reader:
            line, last = last + 1, reader.line_num
            if not any(value.strip() for value in values):
                continue
            if header is None:
                header = _header(values, where)
            elif len(values) != len(header):
                yield line, f"{len(values)} columns instead of {len(header)}: {','.join(values)!r}."
            else:
                yield line, dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise InputError(
            f"{where}, line {last + 1} is not CSV: {error}. Nothing was changed."
        ) from error
    if header is None:
        raise InputError(f"{where} is empty. Its first line must be {','.join(COLUMNS)}.")


def _header(values: list[str], where: str) -> list[str]:
    header = [value.strip().lower() for value in values]
    unknown = [name for name in header if name not in (*COLUMNS, *OPTIONAL)]
    missing = [name for name in COLUMNS if name not in header]
    if unknown or missing or len(set(header)) != len(header):
        raise InputError(
            f"{where} begins with {','.join(values)!r}. Its first line must be "
            f"{','.join(COLUMNS)}, and may have {', '.join(OPTIONAL)} too; nothing was changed."
        )
    return header


def _person(fields: dict[str, str] | str, teams: Collection[str]) -> Newcomer:
    """Make somebody of a line; InputError with all that is wrong with it."""
    if isinstance(fields, str):
        raise InputError("", (fields,))
    wanted = fields["teams"].replace(";", " ").replace(",", " ").split()
    admin = fields.get("admin", "").strip().lower()
    checks: list[Callable[[], object]] = [
        lambda: account_name(fields["email"]),
        *(partial(check_team, team, teams) for team in dict.fromkeys(wanted)),
        lambda: _yes_or_no(admin),
    ]
    if problems := tuple(problem for each in checks if (problem := _problem(each))):
        raise InputError("", problems)
    return newcomer(fields["email"], wanted, teams, name=fields["name"], admin=admin in _YES)


def _problem(check: Callable[[], object]) -> str:
    try:
        check()
    except InputError as error:
        return str(error)
    return ""


def _yes_or_no(admin: str) -> None:
    if admin not in _YES | _NO:
        raise InputError(f"admin is {admin!r}; it must be yes or no.")
