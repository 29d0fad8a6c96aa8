"""Where kernels are found, without importing IPython for it.

Jupyter would: for the one folder that IPython had before Jupyter, when the first page of JupyterLab
asks which kernels there are. All others wait until it is imported.
"""

from collections.abc import Mapping
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_core.paths import jupyter_path


def name_kernel_folders(kernels: object, environment: Mapping[str, str]) -> None:
    """Tell Jupyter's own manager of kernel specs the folders that it would find out."""
    if isinstance(kernels, KernelSpecManager):
        ipython = Path(environment.get("IPYTHONDIR") or "~/.ipython").expanduser()
        kernels.kernel_dirs = [*jupyter_path("kernels"), str(ipython / "kernels")]
