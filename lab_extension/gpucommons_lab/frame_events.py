"""Frames of telemetry as server-sent events."""

from gpucommons_contract import TelemetryFrame


class FrameEvents:
    """Writes each frame once, however many tabs get it. Used on the event loop only.

    Source: WHATWG HTML, "Server-sent events", the event stream format.
    """

    def __init__(self) -> None:
        self._frame: TelemetryFrame | None = None
        self._event = b""

    def of(self, frame: TelemetryFrame) -> bytes:
        """Answer the event that carries a frame."""
        if frame is not self._frame:
            self._frame, self._event = frame, f"data: {frame.to_json()}\n\n".encode()
        return self._event
