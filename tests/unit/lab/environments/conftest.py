"""Environments as venv and conda make them, with ipykernel's description of its kernel."""

import json
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from ipykernel.kernelspec import write_kernel_spec


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def make_venv(home) -> Callable[..., Path]:
    def make(place: str, *, kernel: bool = True) -> Path:
        venv.create(home / place, symlinks=True)
        if kernel:
            write_kernel_spec(home / place / "share/jupyter/kernels/python3")
        return home / place

    return make


@pytest.fixture
def make_conda(home) -> Callable[[str], Path]:
    """One with R's kernel, which a conda environment has without Python, too."""

    def make(place: str) -> Path:
        folder = home / place
        (folder / "conda-meta").mkdir(parents=True)
        kernel = folder / "share/jupyter/kernels/ir"
        kernel.mkdir(parents=True)
        argv = ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"]
        spec = {"argv": argv, "display_name": "R", "language": "R", "env": {"LC_ALL": "C.UTF-8"}}
        (kernel / "kernel.json").write_text(json.dumps(spec))
        return folder

    return make
