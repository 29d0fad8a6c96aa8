"""How much of processor and network counts as use, and how that is said."""

from dataclasses import dataclass

from gpucommons_culler.signals import SignalName
from gpucommons_culler.sources.source import Reading


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Above these a session is in use.

    A session with an open page and idle kernels takes 0.005 to 0.02 of a core, and sends a few
    kB a second; loading data or compiling takes more than ten times of either.
    """

    cores: float = 0.05
    bytes_per_second: float = 50_000.0

    def processor(self, cores: float) -> Reading:
        """Judge processor time, in cores."""
        text = f"processor at {cores:.2f} of a core"
        return Reading(SignalName.PROCESSOR, cores > self.cores, text)

    def network(self, bytes_per_second: float) -> Reading:
        """Judge what it sends and receives together."""
        text = f"network at {bytes_per_second / 1000:,.0f} kB/s"
        return Reading(SignalName.NETWORK, bytes_per_second > self.bytes_per_second, text)
