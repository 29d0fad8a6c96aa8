"""What registries say in WWW-Authenticate."""

import pytest
from gpucommons_config.pinning.challenge import Challenge, challenges
from hypothesis import given
from hypothesis import strategies as st

_NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
_PARAMETERS = st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (
            'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",'
            'scope="repository:lab/scipy:pull,push"',
            [
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:lab/scipy:pull,push",
                    },
                )
            ],
        ),
        ("BASIC Realm=lab", [Challenge("basic", {"realm": "lab"})]),
        (
            'Basic realm="a, b", Bearer realm="c"',
            [Challenge("basic", {"realm": "a, b"}), Challenge("bearer", {"realm": "c"})],
        ),
        ("Negotiate, Basic realm=x", [Challenge("negotiate"), Challenge("basic", {"realm": "x"})]),
        ("", []),
        ('"', []),
    ],
)
def test_every_way_to_sign_in_is_read(header, found):
    assert challenges([header]) == found


@given(st.lists(st.tuples(_NAMES, _PARAMETERS), min_size=1, max_size=3), st.booleans())
def test_what_is_written_is_read(written, apart):
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    headers = [
        f"{scheme} {', '.join(f'{name}={quoted(value)}' for name, value in parameters.items())}"
        for scheme, parameters in written
    ]
    found = challenges(headers if apart else [", ".join(headers)])
    assert found == [Challenge(scheme, parameters) for scheme, parameters in written]


@given(st.text(max_size=60) | st.text(' ,="\\ab', max_size=60))
def test_whatever_is_sent_is_read_to_an_end(header):
    challenges([header])
