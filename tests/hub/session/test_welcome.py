"""The welcome notebook on a real JupyterLab: opened once, in a new home folder, in its language."""

import json

import httpx
import pytest
from gpucommons_contract import SessionInfo, SessionVariable

from ..jupyter_lab import TOKEN, Lab

_INFO = SessionInfo("SciPy", "2026.11", "CPU only", "Vision", idle_stop_after=3600)
_VARIABLES = {
    SessionVariable.SESSION: _INFO.to_json(),
    SessionVariable.LAB_NAME: "Vision Lab",
    SessionVariable.LANGUAGE: "de",
}
_BROWSER = {"Authorization": f"token {TOKEN}", "Accept": "text/html,*/*;q=0.8"}


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path, {str(key): value for key, value in _VARIABLES.items()})
    yield lab
    lab.stop()


def opened(lab: Lab, path: str) -> str:
    """Where a browser ends that opens a page of this session."""
    answer = httpx.get(
        f"{lab.url}/{path}", headers=_BROWSER, follow_redirects=True, timeout=60
    ).raise_for_status()
    return answer.url.path.removeprefix("/user/ana/")


def test_the_first_visit_opens_it_and_no_later_one_nor_the_next_session(lab):
    lab.start()
    httpx.get(f"{lab.url}/lab", headers=_BROWSER | {"Accept": "*/*"}, timeout=60)  # a program
    assert opened(lab, "lab/tree/course/a.ipynb") == "lab/tree/course/a.ipynb"  # a link's own page
    assert opened(lab, "") == "lab/tree/Welcome.ipynb"
    assert opened(lab, "lab") == "lab"
    model = lab.api("GET", "api/contents/Welcome.ipynb").json()
    text = json.dumps(model["content"])
    assert "Willkommen bei Vision Lab" in text
    assert "nach **1 Stunde** beendet" in text

    (lab.home / "Welcome.ipynb").unlink()
    lab.stop()
    lab.start()
    assert opened(lab, "lab") == "lab"
    assert not (lab.home / "Welcome.ipynb").exists()
