"""Whatever is in the file, its author is told where it is wrong, and nothing else happens."""

import copy

import pytest
import yaml
from gpucommons_spawner.catalogue.file import CatalogueError, load_catalogue
from gpucommons_spawner.catalogue.problems import Problem
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import FULL

TEXT = FULL.read_text()
TREE = yaml.safe_load(TEXT)
_patient = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _paths(node, path=()):
    """Every way into the tree."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from _paths(value, (*path, key))


def _at(node, path):
    for key in path:
        node = node[key]
    return node


PATHS = list(_paths(TREE))
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


def _problems(file, text: str) -> tuple[Problem, ...]:
    """What is told of a file; nothing if it can be used."""
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        load_catalogue(file)
    except CatalogueError as error:
        return error.problems
    return ()


def _are_told_with_lines(problems: tuple[Problem, ...], text: str) -> bool:
    lines = len(text.splitlines()) + 1
    return all(problem.message and 0 <= problem.line <= lines for problem in problems)


@_patient
@given(path=st.sampled_from(PATHS), value=_values)
def test_a_wrong_value_anywhere_is_told_with_its_line(tmp_path, path, value):
    tree = copy.deepcopy(TREE)
    _at(tree, path[:-1])[path[-1]] = value
    text = yaml.safe_dump(tree, allow_unicode=True)
    assert _are_told_with_lines(_problems(tmp_path / "catalogue.yaml", text), text)


@_patient
@given(
    start=st.integers(0, len(TEXT)),
    length=st.integers(0, 40),
    insert=st.text(max_size=5) | st.sampled_from(["&a ", "*a", "<<: ", "{", "- ", "!!x ", "\t"]),
)
def test_a_slip_of_the_keyboard_is_told(tmp_path, start, length, insert):
    text = TEXT[:start] + insert + TEXT[start + length :]
    assert _are_told_with_lines(_problems(tmp_path / "catalogue.yaml", text), text)


_MAPPINGS = [path for path in PATHS if isinstance(_at(TREE, path), dict)]
_FREE = {"groups", "users", "teams"}
"""Mappings whose keys are names of groups and people."""


@pytest.mark.parametrize("path", _MAPPINGS, ids=lambda path: ".".join(map(str, path)))
def test_a_key_that_does_not_belong_is_pointed_at_wherever_it_is(tmp_path, path):
    tree = copy.deepcopy(TREE)
    _at(tree, path)["odd key"] = "low" if path == ("priorities", "teams") else {}
    text = yaml.safe_dump(tree)
    problems = _problems(tmp_path / "catalogue.yaml", text)
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "odd key" in one)
    assert {problem.line for problem in problems} == (set() if path[-1] in _FREE else {line})
