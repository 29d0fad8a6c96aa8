"""Writes what an installation needs to say of itself: one folder, from few answers."""

from gpucommons_installer.answers import Answers
from gpucommons_installer.errors import InstallerError

__all__ = ["Answers", "InstallerError"]
