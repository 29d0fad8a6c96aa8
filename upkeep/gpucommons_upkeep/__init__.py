"""What every part does that runs for long: pause between tries, and say how it is."""

from gpucommons_upkeep.loop import Backoff, Heartbeat, keep_going

__all__ = ["Backoff", "Heartbeat", "keep_going"]
