"""How fast, how many and how long messages are sent."""

import random
from collections import deque
from dataclasses import dataclass

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """Of one way that messages go. Times are in seconds."""

    gather: float = 10.0
    """How long a message waits for others to the same address, to go together."""
    between: float = 60.0
    """Between two deliveries to one address."""
    per_minute: int = 60
    """Deliveries to all addresses together, those that fail included."""
    kept: int = 1000
    """Messages that wait; further ones are dropped."""
    for_one: int = 100
    """Messages that wait for one address; of further ones the oldest is only counted."""
    at_once: int = 4
    """Deliveries at the same time."""
    first_wait: float = 10.0
    """After the first failure; twice as long after each further one."""
    longest_wait: float = 600.0
    give_up_after: float = 7200.0
    """A message that could not be delivered for this long is lost."""

    def wait(self, failures: int, retry_after: float | None) -> float:
        """Return how long to wait after this many failures in a row, spread by a third."""
        usual = min(self.longest_wait, self.first_wait * 2.0 ** min(failures - 1, 30))
        asked = min(self.longest_wait, retry_after or 0.0)
        return max(usual, asked) * random.uniform(1, 4 / 3)  # noqa: S311 -- no secret


class RateLimit:
    """A limit per minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._taken: deque[float] = deque()

    def take(self, now: float) -> float:
        """Take one and return 0, or return the seconds until there is one."""
        while self._taken and self._taken[0] <= now - _MINUTE_S:
            self._taken.popleft()
        if len(self._taken) >= self._per_minute:
            return self._taken[0] + _MINUTE_S - now
        self._taken.append(now)
        return 0.0
