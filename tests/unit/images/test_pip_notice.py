"""pip in an environment that is lost with the session says so, and in others it does not."""

import os
import subprocess
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[3]
NOTICE = ROOT / "images/base/pip-notice"
TEXT = "These packages go away with the session."
SESSION = {"GPUCOMMONS_SESSION": "{}"}


@pytest.fixture
def wheel(tmp_path) -> Path:
    path = tmp_path / "thing-1.0-py3-none-any.whl"
    about = "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n"
    with ZipFile(path, "w") as file:
        file.writestr("thing.py", "")
        file.writestr("thing-1.0.dist-info/METADATA", about)
        file.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr("thing-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def run(tmp_path, wheel) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run this pip in an environment that has the notice, as the image's."""
    folder = tmp_path / "image"
    venv.create(folder, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    for each in NOTICE.iterdir():
        if each.is_file():
            (packages / each.name).write_bytes(each.read_bytes())
    (packages / "tests.pth").write_text(sysconfig.get_paths()["purelib"])

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [str(folder / "bin/python"), *arguments]
        env = {**os.environ, "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **variables}
        return subprocess.run(
            command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


def test_pip_says_so_only_where_it_added_something_that_a_session_loses(run, wheel):
    """One story, since pip takes long to start."""
    elsewhere = run("-m", "pip", "install", "--target", "elsewhere", str(wheel), **SESSION)
    assert "Successfully installed thing-1.0" in elsewhere.stdout, elsewhere.stderr
    lost = run("-m", "pip", "install", str(wheel), **SESSION)
    assert (lost.returncode, lost.stderr.count(TEXT)) == (0, 1)
    assert "uv venv --seed ~/.venvs/NAME" in lost.stderr
    away = run("-m", "pip", "uninstall", "--yes", "thing", **SESSION)
    assert "Successfully uninstalled" in away.stdout, away.stderr
    assert TEXT not in elsewhere.stderr + away.stderr


def test_nothing_is_watched_where_an_image_is_built(run):
    watch = "import atexit, gpucommons_pip_notice; print(atexit._ncallbacks())"
    assert run("-c", watch).stdout == "0\n"
    assert run("-c", watch, **SESSION).stdout == "1\n"


def test_programs_that_are_not_pip_do_not_load_it(run):
    done = run("-c", "import sys; print('gpucommons_pip_notice' in sys.modules)", **SESSION)
    assert (done.stdout, done.stderr) == ("False\n", "")
