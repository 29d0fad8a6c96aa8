"""Shows that snapshots come back from a store with the recovery key, before that is needed."""

from gpucommons_backup.drill.drill import Drill
from gpucommons_backup.drill.report import Checked, DrillReport, Outcome

__all__ = ["Checked", "Drill", "DrillReport", "Outcome"]
