"""YAML is read in one way only: what could be read in two is refused with its place."""

import json
from pathlib import Path

import pytest
from gpucommons_contract.formats import yaml_nodes
from gpucommons_contract.formats.yaml_files import (
    YAMLFileError,
    parse_documents,
    read_document,
    read_documents,
)
from hypothesis import given
from hypothesis import strategies as st

FILE = Path("teams.yaml")
_KEYS = st.text(max_size=80)
"""YAML takes 1,024 characters in a key of one line; JSON writes one of ours as up to twelve."""
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


def read(text: str):
    (document,) = parse_documents(text, FILE)
    return document.value


def told(text: str) -> str:
    with pytest.raises(YAMLFileError) as error:
        parse_documents(text, FILE)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", [None]), ("~", [None]), ("", [None]), ("true", [True]), ("FALSE", [False]),
        ("7", [7]), ("-0", [0]), ("0x1F", [31]), ("0o17", [15]), ("1.5", [1.5]), ("1e3", [1000.0]),
        (".5", [0.5]), ("-.inf", [float("-inf")]), ("'no'", ["no"]), ('"010"', ["010"]),
        ("y", ["y"]), ("none", ["none"]), ("8Gi", ["8Gi"]), ("1.2.3", ["1.2.3"]), ("a_b", ["a_b"]),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(text, value):
    assert read(f"- {text}") == value


@pytest.mark.parametrize("text", ["1:30", "20:00", "2027-01-31", "2027-01-31T10:00:00Z"])
def test_times_and_days_are_text_whose_reader_knows_what_they_mean(text):
    assert read(f"key: {text}") == {"key": text}


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("no", 'write false, or "no" in quotes'),
        ("Off", 'write false, or "Off" in quotes'),
        ("YES", 'write true, or "YES" in quotes'),
        ("on", 'write true, or "on" in quotes'),
        ("010", 'write 10 or 8, or "010" in quotes'),
        ("08", 'write 8, or "08" in quotes'),
        ("12_000", 'write 12000, or "12_000" in quotes'),
        ("1_000.5", 'write 1000.5, or "1_000.5" in quotes'),
        ("0b11", 'write 3, or "0b11" in quotes'),
        ("0x_ff", 'write 255, or "0x_ff" in quotes'),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_what_to_write(text, write):
    assert told(f"\nkey: {text}\n").startswith(f"teams.yaml:2:6: {text} can be read in two ways")
    assert write in told(f"key: {text}")
    assert write in told(f"{text}: value")


def test_a_duplicate_key_is_named_with_both_places():
    assert told("- name: a\n  gpus: 4\n  gpus: 40\n") == (
        'teams.yaml:3:3: not valid YAML: found duplicate key "gpus", '
        "which is in line 2, column 3 already"
    )


def test_a_key_is_the_same_in_quotes_and_as_a_number():
    assert "teams.yaml:2:1: not valid YAML: found duplicate key" in told("'1': a\n1: b\n")


def test_all_flaws_of_all_documents_are_told_at_once():
    assert len(told("a: no\nb: 010\na: 1\nno: on\noff: 1\n---\nc: on\n").splitlines()) == 7


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [", "teams.yaml:1:5: not valid YAML: "),
        ("a: *b", "teams.yaml:1:4: not valid YAML: found undefined alias"),
        ("a:\n\tb: 1", "teams.yaml:2:1: not valid YAML: "),
        ("a: 1\nb: \x00", "teams.yaml:2:4: not valid YAML: there is a character 0"),
        ("a: &x\n  b: *x\n", "teams.yaml:1:4: this is within itself"),
        ("a: !!python/name:os.system x", "teams.yaml:1:4: the tag tag:yaml.org,2002:python/"),
        ("a: !secret x", "teams.yaml:1:4: the tag !secret is not known"),
        ("a: !!set {x}", "teams.yaml:1:4: the tag tag:yaml.org,2002:set is not known"),
        ("? [a]\n: b", "teams.yaml:1:3: a key must be text"),
        (": b", "teams.yaml:1:1: a key is empty"),
        ('a: "\\ud83d"', "teams.yaml:1:4: this contains half a character"),
        ("a: {<<: 1}", "teams.yaml:1:9: << takes a mapping"),
        ("[" * 500, "teams.yaml:1:101: not valid YAML: "),
        ("9" * 5000, "teams.yaml:1:1: this is too long for a number"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text, says):
    assert told(text).startswith(says)


def test_aliases_that_unfold_without_end_are_refused(monkeypatch):
    monkeypatch.setattr(yaml_nodes, "_MOST_VALUES", 2_000)
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    assert "more than 2,000 values" in told("\n".join(lines))


def test_merged_keys_stand_where_they_were_written_and_give_way_to_those_beside_them():
    (document,) = parse_documents("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n", FILE)
    assert document.value == {"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}}
    assert document.at(["y", "a"]) == "teams.yaml:1:8"
    assert document.at(["y", "b"]) == "teams.yaml:4:3"


def test_a_place_is_that_of_the_last_key_that_is_there():
    (document,) = parse_documents("# teams\n- name: a\n  cpu: {x: 1}\n", FILE)
    assert document.at([0, "cpu", "x"]) == "teams.yaml:3:9"
    assert document.at([0, "cpu", "y"]) == "teams.yaml:3:3"
    assert document.at([0]) == "teams.yaml:2:3"
    assert document.at(["other"]) == "teams.yaml:2:1"


def test_nothing_after_a_key_is_told_from_null():
    (document,) = parse_documents("a:\nb: null\nc: ''\nd: [~, ]\ne: {f: }\n", FILE)
    assert document.empty == {("a",), ("e", "f")}


def test_a_file_of_one_document_may_not_hold_two(tmp_path):
    file = tmp_path / "people.yaml"
    file.write_text("a: 1\n---\nb: 2\n")
    with pytest.raises(YAMLFileError, match=r"people\.yaml:3:1: there is a second document"):
        read_document(file)
    file.write_text("# nothing\n")
    assert read_document(file).value is None
    assert read_documents(file) == ()


def test_another_encoding_is_told_with_its_line(tmp_path):
    file = tmp_path / "people.yaml"
    file.write_bytes("a: 1\nb: \xe4\n".encode("latin-1"))
    with pytest.raises(YAMLFileError, match=r"people\.yaml:2:4: is not UTF-8: byte 0xe4"):
        read_document(file)
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(file).value == {"a": 1}


@given(_JSON)
def test_what_is_written_as_json_is_read_again(value):
    text = json.dumps(value).replace("\x7f", "\\u007f")  # YAML takes this only so
    found = parse_documents(text, FILE)
    assert [each.value for each in found] == ([] if value is None else [value])


@given(st.text() | st.text("{}[]:,-&*!|>'\"%@#\n\t ?<=~0123456789_.abnoyesx"))
def test_any_text_is_read_or_refused_with_the_file(text):
    try:
        parse_documents(text, FILE)
    except YAMLFileError as error:
        flaws = error.flaws
    else:
        flaws = ()
    assert all(flaw.message and flaw.line and flaw.column for flaw in flaws)
