"""kubectl, for what it does without a cluster."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from gpucommons_local.errors import PlatformError
from gpucommons_local.machine.programs import program


def kustomized(folder: Path) -> str:
    """Return what `kubectl apply -k` would apply of a folder, as YAML; raises if it cannot be made.

    Takes the kubectl of the local platform or, where that is not built, the machine's own.
    """
    try:
        kubectl: Path | str | None = program("kubectl")
    except PlatformError:
        kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("needs kubectl, on the PATH or by `gpucommons build`")
    env = {**os.environ, "GOGC": "off"}  # it ends before collecting garbage pays
    command = [kubectl, "kustomize", folder]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
