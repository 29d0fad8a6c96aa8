"""Two replicas of the culler's pages: whoever signs in at one is signed in at the other."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest

from ..pages_hub import PagesHub


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[PagesHub]:
    folder = tmp_path_factory.mktemp("replicas")
    hub = PagesHub(folder, ["tests.hub.culler.two_replicas", str(folder)])
    hub.start()
    yield hub
    hub.stop()


def test_signing_in_does_not_depend_on_which_replica_answers(hub: PagesHub):
    log = hub.log.with_name("replicas")
    with httpx.Client(base_url=hub.url, follow_redirects=True, timeout=60) as browser:
        form = browser.get("/services/idle/")
        found = re.search(r'<form action="([^"]+)"', form.text)
        assert found, form.text
        before = len(log.read_text().split())
        url = urljoin(str(form.url), unescape(found[1]))
        said = {"username": "ada", "password": "any", "_xsrf": browser.cookies["_xsrf"]}
        page = browser.post(url, data=said)
        assert page.status_code == 200, page.text
        assert page.url.path == "/services/idle/"
        assert "Why was my session stopped?" in page.text
        for _ in range(4):
            assert browser.get("/services/idle/api/events").status_code == 200
    asked = log.read_text().split()[before:]
    assert {"0", "1"} == set(asked)
