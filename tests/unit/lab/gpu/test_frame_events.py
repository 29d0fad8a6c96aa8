"""Frames as server-sent events: written once for all streams."""

import json
import time

from gpucommons_contract import TelemetryFrame, TelemetryState
from gpucommons_lab.gpu.handlers import FrameEvents


def _frame(reason: str = "This session has no GPU.") -> TelemetryFrame:
    return TelemetryFrame(
        time=time.time(), state=TelemetryState.NO_GPU, reason=reason, interval=1.0
    )


def test_an_event_holds_its_frame_on_one_line():
    frame = _frame("Two\nlines.")
    event = FrameEvents().of(frame).decode()
    assert event.startswith("data: ")
    assert event.endswith("\n\n")
    assert event.count("\n") == 2
    assert json.loads(event.removeprefix("data: ")) == json.loads(frame.to_json())


def test_a_frame_is_written_once_for_all_streams_and_the_next_one_anew():
    events = FrameEvents()
    first, second = _frame(), _frame("Another.")
    assert events.of(first) is events.of(first)
    assert b"Another." in events.of(second)
    assert b"Another." not in events.of(first)
