"""A session's address in another spelling leads to the right one, and nowhere else."""

from types import SimpleNamespace

import pytest
from gpucommons_lab.web.redirects import OtherSpelling

BASE = "/user/ada@example.org/second/"


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("/user/ada%40example.org/second/lab", "", f"{BASE}lab"),
        ("/user/ada%40example.org/second/api/status", "a=%40", f"{BASE}api/status?a=%40"),
        ("/user/%61da@example.org/%73econd/files/a%2Fb", "", f"{BASE}files/a%2Fb"),
        ("/user/ada%40example.org/second", "", BASE),
        ("/user/ada%40example.org/second/", "", BASE),
        ("/user/ada%40example.org/second//example.com", "", f"{BASE}/example.com"),
    ],
)
def test_another_spelling_is_led_to_the_same_place(path, query, target):
    found = OtherSpelling(BASE).match(SimpleNamespace(path=path, query=query))
    assert found == {"target_kwargs": {"target": target}}


@pytest.mark.parametrize(
    "path",
    [
        f"{BASE}lab",
        f"{BASE}files/%40",
        "/user/eve%40example.org/second/lab",
        "/user/ada%2540example.org/second/lab",
        "/user/ada%40example.org/",
        "/user%2Fada%40example.org/second/lab",
        "/",
    ],
)
def test_what_is_spelled_right_or_is_another_address_goes_on(path):
    assert OtherSpelling(BASE).match(SimpleNamespace(path=path, query="")) is None
