"""What a session says of its home folder."""

import json
from dataclasses import asdict

import pytest
from gpucommons_contract import DiskUse, disk_percent, read_disk_use
from hypothesis import given
from hypothesis import strategies as st

GIB = 2**30
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("disk", [DiskUse(12 * GIB, 50 * GIB), DiskUse(0, 1, 5, 64)])
def test_what_a_session_says_is_read_as_it_was(disk):
    assert read_disk_use(json.loads(json.dumps(asdict(disk)))) == disk


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"used": 1},
        {"used": 2, "size": 1},
        {"used": -1, "size": 1},
        {"used": 0, "size": 0},
        {"used": 0.5, "size": 1},
        {"used": True, "size": 1},
        {"used": "1", "size": 1},
        {"used": 1, "size": 2**70},
        {"used": 1, "size": 1, "files": 5},
        {"used": 1, "size": 1, "files": 5, "most_files": 4},
        {"used": 1, "size": 1, "words": "x"},
    ],
)
def test_figures_that_cannot_be_are_refused(said):
    with pytest.raises(ValueError, match=r"must be"):
        read_disk_use(said)


@given(
    _JSON
    | st.fixed_dictionaries(
        {"used": _JSON, "size": _JSON}, optional={"files": _JSON, "most_files": _JSON}
    )
)
def test_whatever_is_said_is_read_or_refused(said):
    try:
        disk = read_disk_use(said)
    except ValueError:
        return
    assert 0 <= disk.used <= disk.size
    assert 0 <= disk_percent(disk) <= 100


def test_a_volume_is_as_full_as_what_runs_out_first():
    assert disk_percent(DiskUse(10, 100)) == 10
    assert disk_percent(DiskUse(10, 100, 9, 10)) == 90
    assert disk_percent(DiskUse(95, 100, 9, 10)) == 95
