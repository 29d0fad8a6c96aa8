"""Where kernels are found, without IPython."""

import subprocess
import sys

_PROGRAM = """
import os, sys
from gpucommons_lab.web.kernel_folders import name_kernel_folders
from jupyter_client.kernelspec import KernelSpecManager
kernels = KernelSpecManager()
name_kernel_folders(kernels, os.environ)
kernels.find_kernel_specs()
assert "IPython" not in sys.modules, "imported"
assert kernels.kernel_dirs == KernelSpecManager().kernel_dirs, kernels.kernel_dirs
"""


def test_the_folders_are_those_that_jupyter_finds_with_ipython(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    subprocess.run([sys.executable, "-c", _PROGRAM], check=True)
