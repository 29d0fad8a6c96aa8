"""What every part does that runs for long: pause between tries, and say how it is."""

from gpucommons_upkeep.loop import Backoff, Heartbeat, a_change, keep_going

__all__ = ["Backoff", "Heartbeat", "a_change", "keep_going"]
