"""A workspace on its volume: what is in it, what is not kept, and whether two are alike."""

from gpucommons_backup.workspace.manifest import Difference, Line, Manifest, compare
from gpucommons_backup.workspace.not_kept import LeftOut, Reason
from gpucommons_backup.workspace.survey import Survey

__all__ = ["Difference", "LeftOut", "Line", "Manifest", "Reason", "Survey", "compare"]
