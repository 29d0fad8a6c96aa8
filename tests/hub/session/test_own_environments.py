"""A kernel of an environment in the home folder, on a real server."""

import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from ipykernel.kernelspec import write_kernel_spec
from jupyter_client.blocking.client import BlockingKernelClient

from .conftest import Session

_CLASS = "gpucommons_lab.environments.kernel_specs.EnvironmentKernels"
_WHERE = """
import os, shutil, sys
print(sys.prefix, shutil.which("python"), os.environ["VIRTUAL_ENV"], sep="|")
"""


@pytest.fixture
def environment(tmp_path) -> Path:
    """One that has ipykernel: the tests' own."""
    folder = tmp_path / ".venvs/thesis"
    venv.create(folder, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "tests.pth").write_text(sysconfig.get_paths()["purelib"])
    write_kernel_spec(folder / "share/jupyter/kernels/python3")
    return folder


@pytest.fixture
def session(tmp_path, environment) -> Iterator[Session]:
    session = Session(tmp_path, None, f"--ServerApp.kernel_spec_manager_class={_CLASS}")
    session.wait()
    yield session
    session.close()


def test_an_environment_at_home_is_listed_has_a_logo_and_computes(session, environment, tmp_path):
    listed = session.client.get("/api/kernelspecs").raise_for_status().json()["kernelspecs"]
    [(name, own)] = [(key, each) for key, each in listed.items() if key != "python3"]
    assert own["spec"]["display_name"].endswith("(thesis)")
    session.client.get(own["resources"]["logo-svg"]).raise_for_status()

    kernel = session.client.post("/api/kernels", json={"name": name}).raise_for_status().json()
    place = str(environment)
    assert _computed(tmp_path, kernel["id"]) == f"{place}|{place}/bin/python|{place}\n"


def _computed(home: Path, kernel: str) -> str:
    """What a kernel says of where it runs."""
    client = BlockingKernelClient()
    client.load_connection_file(str(home / f".local/share/jupyter/runtime/kernel-{kernel}.json"))
    client.start_channels()
    results: list[str] = []
    try:
        client.wait_for_ready(timeout=90)  # what it says before we listen would be lost
        client.execute_interactive(
            _WHERE,
            timeout=90,
            output_hook=lambda message: results.append(message["content"].get("text", "")),
        )
    finally:
        client.stop_channels()
    return "".join(results)
