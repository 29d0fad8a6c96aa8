"""Where somebody wanted to go, as a path on this hub; and at which address the hub is."""

import pytest
from gpucommons_authenticator.login.hub_pages import (
    LONGEST_PAGE,
    at_address,
    packed,
    page_on_hub,
    unpacked,
)
from hypothesis import given
from hypothesis import strategies as st

CALLBACK = "http://127.0.0.1:8000/hub/oauth_callback"


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("/hub/spawn?a=1&b=%20#x", "/hub/spawn?a=1&b=%20#x"),
        ("/user/ada%40example.org/lab/tree/50%25.ipynb", None),
        ("hub/home", "/hub/home"),
        ("/user/ada/lab/tree/日本.ipynb", "/user/ada/lab/tree/%E6%97%A5%E6%9C%AC.ipynb"),
        ("/user/ada/a b\x00\r\nX: y", "/user/ada/a%20b%00%0D%0AX:%20y"),
        ("https://evil.example/x", "/x"),
        ("//evil.example/x", "/x"),
        ("/\\evil.example", "/%5Cevil.example"),
        ("////evil.example", "/evil.example"),
    ],
)
def test_a_page_is_a_path_on_this_hub_and_as_it_was(wanted, page):
    assert page_on_hub(wanted) == (wanted if page is None else page)


@pytest.mark.parametrize("wanted", ["", "http://[", "//[x", "/" + "x" * LONGEST_PAGE])
def test_what_can_be_no_page_is_none(wanted):
    assert page_on_hub(wanted) is None


@given(st.text())
def test_whatever_is_wanted_stays_on_this_hub_and_fits_a_header(wanted):
    page = page_on_hub(wanted)
    if page is not None:
        assert page.startswith("/")
        assert not page.startswith(("//", "/\\"))
        assert page.isascii()
        assert page.isprintable()
        assert unpacked(packed(page)) == page


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "hub.example.org"])
def test_another_address_leads_to_the_one_where_the_login_ends(host):
    expected = "http://127.0.0.1:8000/hub/oauth_login"
    assert at_address(CALLBACK, host, "/hub/oauth_login") == expected


@pytest.mark.parametrize(
    ("callback", "host"),
    [
        (CALLBACK, "127.0.0.1:8000"),
        ("https://Hub.example.org/hub/oauth_callback", "hub.example.org"),
        ("https://hub.example.org/hub/oauth_callback", "hub.example.org:443"),
        ("http://hub.example.org:80/hub/oauth_callback", "hub.example.org"),
        ("/hub/oauth_callback", "hub.example.org"),
    ],
)
def test_the_same_address_written_otherwise_leads_nowhere(callback, host):
    assert at_address(callback, host, "/hub/oauth_login") is None
