"""Requests to put files back, and answers to them, as they stand on claims."""

import re

import pytest
from gpucommons_contract import (
    RestoreError,
    RestoreRequest,
    RestoreResult,
    RestoreState,
    read_restore_request,
    read_restore_result,
)


def test_a_request_and_an_answer_are_read_as_they_were_written():
    request = RestoreRequest("1", at="2026-11-30T03:00:00+01:00", by="root", reason="ü\n")
    assert read_restore_request(request.to_json()) == request
    assert f"{request.moment:%H:%M}" == "02:00"
    result = RestoreResult("1", RestoreState.DONE, folder="x", files=3, size=2**40)
    assert read_restore_result(result.to_json()) == result


@pytest.mark.parametrize(
    "text", ["", "no", "[]", "{}", '{"id": ""}', '{"id": 1}', "[" * 100_000, "9" * 5000]
)
def test_what_has_no_id_is_neither(text):
    for read in (read_restore_request, read_restore_result):
        with pytest.raises(RestoreError, match="is not JSON with an id"):
            read(text)


@pytest.mark.parametrize(
    "at", ["yesterday", "2026-11-30", "2026-11-30T03:00:00", "0001-01-01T00:00+14:00"]
)
def test_a_moment_that_is_none_is_refused(at):
    with pytest.raises(RestoreError, match=re.escape(f"names no moment: {at}")):
        read_restore_request(RestoreRequest("1", at=at).to_json())


def test_fields_of_another_kind_are_refused_and_unknown_ones_are_passed_over():
    with pytest.raises(RestoreError, match="wrong files"):
        read_restore_result('{"id": "1", "state": "done", "files": "3"}')
    with pytest.raises(RestoreError, match="has no state"):
        read_restore_result('{"id": "1", "state": "lost"}')
    found = read_restore_result('{"id": "1", "state": "waiting", "later": [1]}')
    assert (found.state, found.is_final) == (RestoreState.WAITING, False)
