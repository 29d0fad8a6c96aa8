"""Timelines against a plain list of all readings, and the bound on what they keep."""

from math import floor

import pytest
from gpucommons_lab.gpu.timeline import Figures, Past, Timeline
from hypothesis import given
from hypothesis import strategies as st

LENGTH = 8
MOMENT = 1e-3  # seconds that a reading stands for that has none before it

figures = st.builds(
    Figures,
    st.none() | st.integers(0, 100),
    st.none() | st.integers(0, 2**40),
    st.none() | st.floats(0, 700, allow_subnormal=False),
)
readings = st.lists(
    st.tuples(st.sampled_from(["GPU-a", "GPU-b"]), st.integers(1, 40), st.integers(0, 40), figures),
    max_size=40,
)
"""Device, tenths of a second since the last reading, and for how many it stands, and figures."""


class Model:
    """Keeps everything and works out each step anew."""

    def __init__(self) -> None:
        self.readings: list[tuple[str, float, float, Figures]] = []

    def add(self, uuid: str, figures: Figures, now: float, seconds: float) -> None:
        begin = max(0.0, now - max(seconds, MOMENT))
        self.readings.append((uuid, begin, now, figures))

    def past(self, uuid: str, edges: list[tuple[float, float]]) -> Past:
        return Past(
            tuple(self.mean(uuid, "utilization", *edge) for edge in edges),
            tuple(self.highest(uuid, *edge) for edge in edges),
            tuple(self.mean(uuid, "power", *edge) for edge in edges),
        )

    def mean(self, uuid: str, name: str, begin: float, end: float) -> float | None:
        found = [
            (value, covered)
            for value, covered in self.within(uuid, begin, end)
            if getattr(value, name) is not None
        ]
        total = sum(covered for _, covered in found)
        return sum(getattr(v, name) * c for v, c in found) / total if total else None

    def highest(self, uuid: str, begin: float, end: float) -> int | None:
        within = self.within(uuid, begin, end)
        return max((v.memory for v, _ in within if v.memory is not None), default=None)

    def within(self, uuid: str, begin: float, end: float) -> list[tuple[Figures, float]]:
        covered = [(v, min(end, t) - max(begin, f)) for u, f, t, v in self.readings if u == uuid]
        return [(value, seconds) for value, seconds in covered if seconds > 1e-9]


def play(steps, *, grows: bool) -> tuple[Timeline, Model, float]:
    timeline, model, now = Timeline(1.0, LENGTH, 0.0, grows=grows), Model(), 0.0
    for uuid, later, stands, said in steps:
        # Off the edges of steps, where rounding decides which side a moment is on.
        now = round(now + later / 10, 1) + 0.0371
        timeline.add(uuid, said, now, stands / 10)
        model.add(uuid, said, now, stands / 10)
    return timeline, model, now


def agree(timeline: Timeline, model: Model, now: float) -> None:
    count = timeline.steps(now)
    edges = [
        (timeline.start + n * timeline.step, timeline.start + (n + 1) * timeline.step)
        for n in range(count)
    ]
    pasts = timeline.pasts(count)
    for uuid in ("GPU-a", "GPU-b"):
        wanted = model.past(uuid, edges)
        found = pasts.get(uuid, Past((None,) * count, (None,) * count, (None,) * count))
        assert found.memory == wanted.memory
        assert found.utilization == pytest.approx(wanted.utilization, abs=0.01)
        assert found.power == pytest.approx(wanted.power, abs=0.01)


@given(readings)
def test_a_timeline_that_rolls_has_the_last_steps_of_all_that_was_read(steps):
    timeline, model, now = play(steps, grows=False)
    assert timeline.step == 1.0
    assert timeline.steps(now) == min(LENGTH, floor(now) + 1)
    agree(timeline, model, now)


@given(readings)
def test_a_timeline_that_grows_keeps_all_of_it_in_longer_steps(steps):
    timeline, model, now = play(steps, grows=True)
    assert timeline.start == 0.0
    assert timeline.steps(now) <= LENGTH
    agree(timeline, model, now)


@given(readings, st.integers(0, 500))
def test_time_without_a_reading_has_no_values(steps, later):
    timeline, model, now = play(steps, grows=False)
    agree(timeline, model, now + later)


def test_a_growing_timeline_takes_the_shortest_steps_that_reach():
    timeline = Timeline(10.0, 300, 0.0, grows=True)
    for hours, step in ((0.8, 10), (1, 20), (3, 40), (12, 160), (24, 320)):
        timeline.reach(hours * 3600)
        assert timeline.step == step


def test_new_devices_take_the_place_of_those_unseen_longest():
    timeline = Timeline(1.0, 1000, 0.0, grows=False)
    for number in range(100):
        timeline.add("GPU-always", Figures(1, 1, 1.0), number + 0.5, 1.0)
        timeline.add(f"MIG-{number}", Figures(1, 1, 1.0), number + 0.5, 1.0)
    pasts = timeline.pasts(timeline.steps(100.0))
    assert len(pasts) == 32
    assert {"GPU-always", "MIG-99", "MIG-69"} <= set(pasts)
