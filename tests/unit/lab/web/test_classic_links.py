"""Where links of the classic Notebook lead, by what is installed."""

import re

import pytest
from gpucommons_lab.web import redirects
from gpucommons_lab.web.redirects import classic_links, path_in_notebook


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nbclassic", "tree"),
        ("nbclassic/", "tree"),
        ("nbclassic/tree/course", "tree/course"),
        ("nbclassic/notebooks/course/lesson%201.ipynb", "notebooks/course/lesson%201.ipynb"),
    ],
)
def test_links_of_nbclassic_open_the_same_in_notebook_7(old, new):
    assert path_in_notebook(old) == new


@pytest.mark.parametrize(
    ("installed", "served"),
    [
        (set(), ["/nbclassic/tree", "/tree/course", "/notebooks/a.ipynb", "/edit/a.txt"]),
        ({"notebook"}, ["/nbclassic/tree"]),
        ({"notebook", "nbclassic"}, []),
    ],
)
def test_what_is_installed_serves_its_own_addresses(monkeypatch, installed, served):

    monkeypatch.setattr(redirects, "find_spec", lambda name: name in installed or None)
    asked = ("/nbclassic/tree", "/tree/course", "/notebooks/a.ipynb", "/edit/a.txt", "/lab", "/api")
    patterns = [address for address, *_ in classic_links("/")]
    assert [each for each in asked if any(re.fullmatch(p, each) for p in patterns)] == served
