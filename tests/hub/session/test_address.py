"""A session at the address of somebody with an odd name, in whatever spelling it is asked for."""

import re
from collections.abc import Iterator

import httpx
import pytest

from ..jupyter_lab import TOKEN, Lab

_RIGHT, _OTHER = "/user/ada@example.org/", "/user/ada%40example.org/"


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[httpx.Client]:
    lab = Lab(tmp_path_factory.mktemp("home"))
    lab.start("ada@example.org")
    headers = {"Authorization": f"token {TOKEN}"}
    with httpx.Client(
        base_url=f"http://127.0.0.1:{lab.port}", headers=headers, timeout=60, follow_redirects=True
    ) as browser:
        yield browser
    lab.stop()


@pytest.mark.parametrize("path", ["lab", "api/status?x=%40", "api/contents/"])
def test_another_spelling_of_the_address_leads_to_the_same_page(browser, path):
    answer = browser.get(_OTHER + path)
    assert answer.status_code == 200
    assert len(answer.history) == 1
    assert answer.url.raw_path.decode() == _RIGHT + path


def test_what_is_sent_to_another_spelling_arrives(browser):
    answer = browser.post(f"{_OTHER}api/contents/", json={"type": "notebook"})
    assert (answer.status_code, len(answer.history)) == (201, 1)


def test_an_address_of_somebody_else_is_not_taken_for_it(browser):
    assert browser.get("/user/eve%40example.org/lab").status_code == 404


def test_scripts_come_compressed_and_what_may_hold_secrets_does_not(browser):
    page = browser.get(f"{_RIGHT}lab")
    script = re.search(r'src="([^"]+/main\.[^"]+\.js[^"]*)"', page.text)
    assert script, page.text
    answer = browser.get(script[1])
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    plain = browser.get(script[1], headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.content == answer.content
    assert "Content-Encoding" not in page.headers
    assert "Content-Encoding" not in browser.get(f"{_RIGHT}api/contents/").headers


@pytest.mark.parametrize(
    "path", ["lab/api/settings", "lab/api/settings?ids_only=true", "lsp/status"]
)
def test_what_jupyterlab_reads_at_its_start_comes_compressed(browser, path):
    assert browser.get(_RIGHT + path).headers["Content-Encoding"] == "gzip"


def test_browsers_keep_the_scripts_of_extensions(browser):
    answer = browser.get(f"{_RIGHT}lab/extensions/jupyterlab_pygments/static/style.js")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tree", "lab"),
        ("tree/", "lab"),
        ("nbclassic/", "lab"),
        ("nbclassic/tree/course", "lab/tree/course"),
        ("notebooks/course/lesson%201.ipynb?x=1", "lab/tree/course/lesson%201.ipynb?x=1"),
        ("edit/notes.txt", "lab/tree/notes.txt"),
    ],
)
def test_old_links_of_the_classic_notebook_open_the_same_in_jupyterlab(browser, old, new):
    answer = browser.get(_RIGHT + old)
    assert answer.status_code == 200
    assert answer.history[0].headers["Location"] == _RIGHT + new
