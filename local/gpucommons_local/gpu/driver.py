"""Build the root folder of the simulated NVIDIA driver.

The folder looks like the root of a machine on which NVIDIA's driver is
installed: libraries, programs and device nodes. local/simulated_driver holds
the sources and says how the pieces find one another.
"""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gpucommons_local.errors import PlatformError
from gpucommons_local.gpu.state import GPU_COUNT
from gpucommons_local.gpu.state_file import StateFile
from gpucommons_local.machine.cache import checkout, fingerprint

DRIVER_VERSION = "580.0.0"
"""Shaped like a version of NVIDIA's driver, and none that was released."""

EXCLUSIVE_GPUS = (0, 1)
"""Minor numbers of the GPUs that are given out whole."""

SHARED_GPUS = (2, 3)
"""Minor numbers of the GPUs that several sessions share by MPS."""

_LIBRARIES = Path("usr/lib/x86_64-linux-gnu")
_STAMP = ".sources"
_NVIDIA_MAJOR = 195
# https://www.kernel.org/doc/Documentation/admin-guide/devices.txt; nvidia-uvm's major
# is dynamic on real machines, and nobody opens the node here.
_CONTROL_NODES = {"nvidiactl": 255, "nvidia-uvm": 254}


@dataclass(frozen=True, slots=True)
class DriverRoot:
    """Where the pieces of a driver root lie."""

    path: Path

    @property
    def library_folder(self) -> Path:
        """Folder of libnvidia-ml and libcuda, for the loader's search path."""
        return self.path / _LIBRARIES

    @property
    def program_folder(self) -> Path:
        """Folder of nvidia-smi and the MPS programs."""
        return self.path / "usr/bin"

    @property
    def devices(self) -> Path:
        """Folder with the nodes of all GPUs."""
        return self.path / "dev"

    @property
    def exclusive_devices(self) -> Path:
        """Folder with the nodes of `EXCLUSIVE_GPUS` only."""
        return self.path / "dev-exclusive"

    @property
    def shared_devices(self) -> Path:
        """Folder with the nodes of `SHARED_GPUS` only."""
        return self.path / "dev-shared"

    @property
    def state_file(self) -> StateFile:
        """What the GPUs do at the moment."""
        return StateFile(
            self.library_folder / f"nvsim-state.so.{DRIVER_VERSION}",
            lock=self.path / "nvsim-state.lock",
        )


def sources() -> Path:
    """Folder of the C sources."""
    return checkout() / "local" / "simulated_driver"


def build(root: Path, count: int = GPU_COUNT) -> DriverRoot:
    """Make ``root`` a driver root of that many GPUs; nothing is done where all is as it should be.

    Safe to call while sessions run: files are replaced, never written over,
    and the state of the GPUs stays. Raises PlatformError.
    """
    driver = DriverRoot(root)
    root.mkdir(parents=True, exist_ok=True)
    wanted = fingerprint([sources()], DRIVER_VERSION)
    stamp = root / _STAMP
    if not (stamp.exists() and stamp.read_text() == wanted):
        _compile(root)
        stamp.write_text(wanted)
    make_device_nodes(driver.devices, range(count))
    make_device_nodes(driver.exclusive_devices, EXCLUSIVE_GPUS)
    make_device_nodes(driver.shared_devices, SHARED_GPUS)
    driver.state_file.create(count)
    return driver


def make_device_nodes(folder: Path, gpus: Iterable[int]) -> None:
    """Make the character devices of some GPUs, by minor number, and of the driver itself.

    No driver is behind them: they can be seen, not opened.
    """
    folder.mkdir(exist_ok=True)
    nodes = _CONTROL_NODES | {f"nvidia{minor}": minor for minor in gpus}
    for name, minor in nodes.items():
        node = folder / name
        if node.is_char_device():
            continue
        try:
            os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(_NVIDIA_MAJOR, minor))
        except PermissionError:
            raise PlatformError(
                f"This machine does not let us make the device node {node}, by which a simulated "
                "GPU is seen. Run as root, outside of an unprivileged container."
            ) from None
        node.chmod(0o666)  # whatever the umask


def _compile(root: Path) -> None:
    if missing := [tool for tool in ("make", "cc") if not shutil.which(tool)]:
        raise PlatformError(
            f"The simulated GPU driver needs {' and '.join(missing)}. "
            "Install it: apt-get install build-essential"
        )
    with tempfile.TemporaryDirectory(dir=root, prefix=".build-") as folder:
        command = ["make", "-C", str(sources()), f"ROOT={folder}", f"VERSION={DRIVER_VERSION}"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode:
            raise PlatformError(f"The simulated GPU driver does not compile.\n{result.stderr}")
        _move_into_place(Path(folder), root)


def _move_into_place(built: Path, root: Path) -> None:
    # A rename gives a new inode: a library that a session has mounted is left alone.
    for file in sorted(built.rglob("*")):
        if file.is_symlink() or file.is_file():
            target = root / file.relative_to(built)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
