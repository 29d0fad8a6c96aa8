"""The CSV file of people: read and checked as a whole. Pure."""

import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from gpucommons_people.accounts import Newcomer, newcomer
from gpucommons_people.errors import InputError

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
            problems.append(f"line {line}: {error}")
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
            f"{where}, line {last + 1} is no CSV: {error}. Nothing was changed."
        ) from error
    if header is None:
        raise InputError(f"{where} is empty. Its first line has to be {','.join(COLUMNS)}.")


def _header(values: list[str], where: str) -> list[str]:
    header = [value.strip().lower() for value in values]
    unknown = [name for name in header if name not in (*COLUMNS, *OPTIONAL)]
    missing = [name for name in COLUMNS if name not in header]
    if unknown or missing or len(set(header)) != len(header):
        raise InputError(
            f"{where} begins with {','.join(values)!r}. Its first line has to be "
            f"{','.join(COLUMNS)}, and may have {', '.join(OPTIONAL)} too; nothing was changed."
        )
    return header


def _person(fields: dict[str, str] | str, teams: Collection[str]) -> Newcomer:
    if isinstance(fields, str):
        raise InputError(fields)
    admin = fields.get("admin", "").strip().lower()
    if admin not in _YES | _NO:
        raise InputError(f"admin is {admin!r}; it has to be yes or no.")
    wanted = fields["teams"].replace(";", " ").split()
    return newcomer(fields["email"], wanted, teams, name=fields["name"], admin=admin in _YES)
