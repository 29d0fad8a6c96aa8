"""A queue for GPUs, replayed without any haste: to compare with."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from gpucommons_accounting.reckoning.capacity.replay import Ask, Change
from gpucommons_accounting.reckoning.capacity.waits import Wait


def plain_replay(asks: Sequence[Ask], changes: Iterable[Change], end: datetime) -> list[Wait]:
    """Look at all that wait at each moment at which somebody asks, or GPUs come or go."""
    coming = [(each.at, each.gpus) for each in changes]
    waiting = sorted(range(len(asks)), key=lambda place: asks[place].at)
    had: dict[int, datetime] = {}
    done: set[tuple[datetime, int]] = set()
    while moments := [
        *(at for place, (at, _) in enumerate(coming) if (at, place) not in done),
        *(asks[place].at for place in range(len(asks)) if (asks[place].at, -1 - place) not in done),
    ]:
        now = min(moments)
        if now >= end:
            break
        done |= {(at, place) for place, (at, _) in enumerate(coming) if at <= now}
        done |= {(ask.at, -1 - place) for place, ask in enumerate(asks) if ask.at <= now}
        free = sum((gpus for at, gpus in coming if at <= now), Decimal(0))
        free -= sum((asks[place].units for place in had), Decimal(0))
        for place in list(waiting):
            ask = asks[place]
            is_there = ask.at <= now and (ask.until is None or now <= ask.until)
            if is_there and ask.units <= free:
                had[place], free = now, free - ask.units
                waiting.remove(place)
                if ask.length is not None:
                    coming.append((now + ask.length, ask.units))
    return [_wait(ask, had.get(place), end) for place, ask in enumerate(asks)]


def _wait(ask: Ask, had: datetime | None, end: datetime) -> Wait:
    if had is not None:
        return Wait(had - ask.at, over=True)
    return Wait(max(min(ask.until or end, end) - ask.at, timedelta()), over=False)
