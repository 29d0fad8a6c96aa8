import pytest
from gpucommons_contract.formats.addresses import is_http_server


@pytest.mark.parametrize(
    "text",
    [
        "http://prometheus:9090",
        "https://example.org",
        "https://example.org/a/b/",
        "http://[::1]:80",
    ],
)
def test_an_address_has_a_host_and_at_most_a_port_and_a_path(text):
    assert is_http_server(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prometheus:9090",
        "ftp://example.org",
        "http://",
        "http://example.org:0",
        "http://example.org:port",
        "http://[::1",
        "http://ada:secret@example.org",
        "http://example.org?query=up",
        "http://example.org#fragment",
    ],
)
def test_what_else_somebody_writes_is_none(text):
    assert not is_http_server(text)
