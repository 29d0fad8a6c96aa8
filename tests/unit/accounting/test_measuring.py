"""What sessions say of their GPUs is kept, whatever others say."""

import asyncio

from gpucommons_accounting.reckoning.use.readings import Reading
from gpucommons_accounting.recording.measuring import Measuring, Meters
from gpucommons_accounting.recording.recorder import Pods

from .activity_behaviour import DAY
from .sessions import at, facts

_NOW = at("2026-11-30T09:20")


class _Sessions:
    """Sessions of which the first holds more memory than a database has room for."""

    async def readings(self, *_: object) -> dict[str, list[Reading]]:
        begin, end = at("2026-11-30T09:00"), at("2026-11-30T09:01")
        return {
            uid: [Reading(begin, end, 50.0, 50.0, memory)]
            for uid, memory in (("a", 10**30), ("b", 2**30))
        }


async def test_what_one_said_that_cannot_be_kept_loses_nothing_of_the_others(store, caplog):
    kept = store.activities
    for uid in "ab":
        store.add(facts("2026-11-30T09:00", None, uid), _NOW)
    kept.name_pods({"a": "team-vision/a", "b": "team-vision/b"})
    pods = Pods(asyncio.Event(), lambda: _NOW)
    await Measuring(kept, pods, Meters(sessions=_Sessions()), lambda: _NOW).step()
    assert list(kept.of(DAY)) == ["b"]
    assert "How busy the GPUs of session a are cannot be kept" in caplog.text
