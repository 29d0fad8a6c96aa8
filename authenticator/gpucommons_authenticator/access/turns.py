"""One change at a time of what is kept about somebody."""

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """A lock for each user name, kept for as long as anybody waits for it.

    Whoever reads what is kept about somebody and then writes it takes a turn: both wait for
    the encryption, and a login that is saved in between would be overwritten.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        """Return the lock of one name, for ``async with``."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock
