"""The past of many devices in a fixed number of steps.

Values are weighted by time: a reading counts for the time since the one before. Where that is
longer than readings are apart, nothing is known: a gap.
"""

from array import array
from dataclasses import dataclass
from math import isnan, nan

_MOMENT = 1e-3
"""Seconds that a reading counts for if there was none before it."""
_MOST_DEVICES = 32
"""Devices that are remembered. A MIG change gives new UUIDs; the longest unseen are dropped."""
_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """What is remembered of one reading of a device; None where the driver did not say."""

    utilization: float | None  # percent
    memory: int | None  # bytes
    power: float | None  # watts


class _Mean:
    """A mean over each step, kept as sums so that steps can be joined."""

    def __init__(self, length: int) -> None:
        self.total = array("d", bytes(8 * length))
        self.weight = array("d", bytes(8 * length))

    def add(self, step: int, value: float, seconds: float) -> None:
        self.total[step] += value * seconds
        self.weight[step] += seconds

    def drop(self, steps: int) -> None:
        for each in (self.total, self.weight):
            _shift(each, steps, 0.0)

    def halve(self) -> None:
        for each in (self.total, self.weight):
            half = array("d", (a + b for a, b in zip(each[::2], each[1::2], strict=True)))
            each[:] = half + array("d", bytes(8 * len(half)))

    def values(self, count: int) -> tuple[float | None, ...]:
        pairs = zip(self.total[:count], self.weight[:count], strict=True)
        return tuple(
            round(total / weight, _DECIMALS) if weight else None for total, weight in pairs
        )


class _Highest:
    """The highest value in each step."""

    def __init__(self, length: int) -> None:
        self.value = array("d", [nan] * length)  # exact up to 8 PiB

    def add(self, step: int, value: int) -> None:
        if not value <= self.value[step]:
            self.value[step] = value

    def drop(self, steps: int) -> None:
        _shift(self.value, steps, nan)

    def halve(self) -> None:
        pairs = zip(self.value[::2], self.value[1::2], strict=True)
        half = array("d", (b if isnan(a) or b > a else a for a, b in pairs))
        self.value[:] = half + array("d", [nan] * len(half))

    def values(self, count: int) -> tuple[int | None, ...]:
        return tuple(None if isnan(each) else int(each) for each in self.value[:count])


class _Device:
    """The steps of one device."""

    def __init__(self, length: int) -> None:
        self.utilization = _Mean(length)
        self.power = _Mean(length)
        self.memory = _Highest(length)
        self.seen = 0.0

    @property
    def parts(self) -> tuple[_Mean | _Highest, ...]:
        return self.utilization, self.power, self.memory

    def add(self, step: int, figures: Figures, seconds: float) -> None:
        if figures.utilization is not None:
            self.utilization.add(step, figures.utilization, seconds)
        if figures.power is not None:
            self.power.add(step, figures.power, seconds)
        if figures.memory is not None:
            self.memory.add(step, figures.memory)


@dataclass(frozen=True, slots=True)
class Past:
    """What a timeline knows of a device, oldest step first."""

    utilization: tuple[float | None, ...]
    memory: tuple[int | None, ...]
    power: tuple[float | None, ...]

    def __bool__(self) -> bool:
        """Whether anything is known at all."""
        series = (self.utilization, self.memory, self.power)
        return any(value is not None for each in series for value in each)


class Timeline:
    """``length`` steps of ``step`` seconds from ``start`` on, of a monotonic clock.

    When they are used up, a timeline that ``grows`` joins each pair of steps into one of twice
    the length; any other drops its oldest. ``length`` is even.
    """

    def __init__(self, step: float, length: int, start: float, *, grows: bool) -> None:
        self.step = step
        self.start = start
        self._length = length
        self._grows = grows
        self._devices: dict[str, _Device] = {}

    def add(self, uuid: str, figures: Figures, now: float, seconds: float) -> None:
        """Add a reading of ``now`` that counts for the ``seconds`` before it."""
        self.reach(now)
        device = self._device(uuid, now)
        begin = max(self.start, now - max(seconds, _MOMENT))
        first, last = int((begin - self.start) // self.step), self._index(now)
        for step in range(max(0, first), last + 1):
            edge = self.start + step * self.step
            covered = min(now, edge + self.step) - max(begin, edge)
            if covered > 0:
                device.add(step, figures, covered)

    def reach(self, now: float) -> None:
        """Make room for the step of ``now``."""
        while self._grows and self._index(now) >= self._length:
            self.step *= 2
            for device in self._devices.values():
                for part in device.parts:
                    part.halve()
        excess = self._index(now) - self._length + 1
        if excess > 0:
            self.start += excess * self.step
            for device in self._devices.values():
                for part in device.parts:
                    part.drop(excess)

    def steps(self, now: float) -> int:
        """Return how many steps there are until ``now``."""
        self.reach(now)
        return self._index(now) + 1

    def pasts(self, count: int) -> dict[str, Past]:
        """Return the first ``count`` steps of each device that has a value in them."""
        pasts = {
            uuid: Past(
                device.utilization.values(count),
                device.memory.values(count),
                device.power.values(count),
            )
            for uuid, device in self._devices.items()
        }
        return {uuid: past for uuid, past in pasts.items() if past}

    def _index(self, now: float) -> int:
        return int((now - self.start) // self.step)

    def _device(self, uuid: str, now: float) -> _Device:
        if uuid not in self._devices:
            while len(self._devices) >= _MOST_DEVICES:
                oldest = min(self._devices, key=lambda each: self._devices[each].seen)
                del self._devices[oldest]
            self._devices[uuid] = _Device(self._length)
        device = self._devices[uuid]
        device.seen = now
        return device


def _shift(values: "array[float]", steps: int, filler: float) -> None:
    """Move all values ``steps`` places to the front; those pushed out are gone."""
    kept = values[steps:]
    values[:] = kept + array("d", [filler] * (len(values) - len(kept)))
