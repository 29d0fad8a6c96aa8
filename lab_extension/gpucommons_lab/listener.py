"""Somebody who waits for frames of telemetry."""

import asyncio

from gpucommons_contract import TelemetryFrame


class Listener:
    """A mailbox for one reader that holds the newest frame only.

    A slow reader misses frames; it never makes them queue.
    """

    def __init__(self) -> None:
        self._box: asyncio.Queue[TelemetryFrame] = asyncio.Queue(maxsize=1)

    def put(self, frame: TelemetryFrame) -> None:
        """Replace what is in the box."""
        if self._box.full():
            self._box.get_nowait()
        self._box.put_nowait(frame)

    async def get(self, patience: float) -> TelemetryFrame | None:
        """Wait for the next frame, at most ``patience`` seconds."""
        try:
            async with asyncio.timeout(patience):
                return await self._box.get()
        except TimeoutError:
            return None
