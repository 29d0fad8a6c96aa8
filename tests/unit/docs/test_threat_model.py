"""The threat model names tests that there are, for each line of what stops somebody."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from reference_pages.project import ROOT

_PAGE = ROOT / "docs" / "explanation" / "threat-model.md"
_TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


@cache
def _tests(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {each.name for each in ast.walk(tree) if isinstance(each, kinds)}


def _rows() -> list[str]:
    """The rows of tables that have tests."""
    tables = re.findall(
        r"^\| .*\| Test \|\n\|[-|]+\|\n((?:\|.*\n)+)", _PAGE.read_text(), re.MULTILINE
    )
    return [row for table in tables for row in table.splitlines()]


def _exists(file: str, test: str) -> bool:
    place = ROOT / "tests" / file
    return place.is_file() and test in _tests(place)


def test_each_line_names_a_test_that_exists():
    assert len(_rows()) > 35
    for row in _rows():
        named = _TEST.findall(row)
        assert named, row
        for file, test in named:
            assert _exists(file, test), f"{file}::{test}"


@pytest.mark.parametrize(
    "named", [("unit/docs/test_threat_model.py", "test_of_nothing"), ("unit/nowhere.py", "test_x")]
)
def test_a_test_that_does_not_exist_is_found(named):
    assert not _exists(*named)


def test_what_is_left_is_said_of_everybody():
    sections = re.split(r"^## ", _PAGE.read_text(), flags=re.MULTILINE)[2:]
    assert len(sections) == 9
    without = [each.partition("\n")[0] for each in sections if "**Left**" not in each]
    assert without == ["A team lead"]
