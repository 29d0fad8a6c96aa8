"""What people find in the image of a session."""

import json

from tests.people import SignedIn
from tests.platform import LocalPlatform

from .conftest import RunPod

_ASKED = [
    *(f"{tool} --version" for tool in ("git", "htop", "vim", "nano", "gcc", "g++", "make", "uv")),
    *(f"{tool} --version" for tool in ("rsync", "less", "curl", "file", "ps", "xz", "tar")),
    "git lfs version",
    "tmux -V",
    "ssh -V",
    "zip -v",
    "unzip -v",
    *(f"man --where {tool}" for tool in ("git-lfs", "tmux", "htop", "rsync", "ssh", "ls")),
    "test $(locale charmap) = UTF-8",
    # A package that comes as source: it finds Python's headers.
    "printf '#include <Python.h>' | gcc -I$(python -c "
    "'import sysconfig; print(sysconfig.get_path(\"include\"))') -c -x c - -o /tmp/object",
    "python -m venv /tmp/environment && /tmp/environment/bin/python -m pip --version",
]
_PROGRAM = f"""
import json, subprocess
said = dict()
for each in {_ASKED!r}:
    done = subprocess.run(each, shell=True, capture_output=True, text=True)
    if done.returncode:
        said[each] = done.stderr or done.stdout
print(json.dumps(said))
"""


def test_the_tools_that_people_expect_are_there_with_their_manuals(run_pod: RunPod) -> None:
    assert json.loads(run_pod("tools", _PROGRAM)) == {}


def test_links_of_old_courses_open_the_file_in_notebook_7(platform: LocalPlatform, sign_in) -> None:
    student: SignedIn = sign_in("student")
    student.stop_all()
    student.start({"size": "cpu"})
    try:
        home = f"{platform.url}/user/{student.username}"
        notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        body = {"type": "notebook", "content": notebook}
        address = f"{home}/api/contents/old-link.ipynb"
        student.api.put(address, json=body).raise_for_status()
        for link, page in {
            "tree": "tree",
            "nbclassic/tree": "tree",
            "tree/old-link.ipynb": "notebooks/old-link.ipynb",
            "notebooks/old-link.ipynb": "notebooks/old-link.ipynb",
        }.items():
            answer = student.api.get(f"{home}/{link}", follow_redirects=True).raise_for_status()
            assert str(answer.url).partition("?")[0] == f"{home}/{page}"
            assert '"notebookPage"' in answer.text  # what Notebook 7 puts into its pages
        student.api.delete(address).raise_for_status()
    finally:
        student.stop_all()
