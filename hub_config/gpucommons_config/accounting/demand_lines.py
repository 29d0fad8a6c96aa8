"""What ``gpucommons usage waits`` and ``usage demand`` print."""

from collections.abc import Iterator, Mapping
from typing import Any

from gpucommons_contract.formats.wording import rough_span

_NONE = "There was no start in that time."


def waits_lines(said: Mapping[str, Any]) -> Iterator[str]:
    """Write how long starts waited, a line for each size."""
    sizes = said["sizes"]
    if not sizes:
        yield _NONE
        return
    width = _width(sizes)
    yield f"{'Size':{width}}  Starts  Given up  Wait still  {'Half of them':>24}  {'95 of 100':>24}"
    for each in sizes:
        half, nearly_all = (known(each[name]) for name in ("p50", "p95"))
        yield (
            f"{_name(each):{width}}  {each['starts']:6}  {each['given_up']:8}  "
            f"{each['waiting']:10}  {half:>24}  {nearly_all:>24}"
        )


def demand_lines(said: Mapping[str, Any]) -> Iterator[str]:
    """Write what was asked for and not had, a line for each size."""
    sizes = said["sizes"]
    if not sizes:
        yield _NONE
        return
    width = _width(sizes)
    yield f"{'Size':{width}}  Asked   Ready  Unmet  GPU-hours  Not had"
    for each in sizes:
        hours = each["unmet_gpu_hours"]
        amount = "not known" if hours is None else f"{float(hours):.2f}"
        yield (
            f"{_name(each):{width}}  {each['asked']:5}  {each['ready']:6}  {each['unmet']:5}  "
            f"{amount:>9}  {_not_had(each)}"
        )
    yield "Unmet: refused for want of room, quota or budget, or given up. Tries within an hour: 1."


def _not_had(said: Mapping[str, Any]) -> str:
    parts = [f"refused by {why}: {count}" for why, count in said["refused"].items()]
    parts += [f"given up: {said['given_up']}"] if said["given_up"] else []
    parts += [f"failed ({fault}): {count}" for fault, count in said["failed"].items()]
    return ", ".join(parts)


def known(quantile: Mapping[str, Any] | None) -> str:
    """Write a length that so many did not pass; nothing where there is none."""
    if quantile is None:
        return ""
    return f"{'at least ' if quantile['at_least'] else ''}{rough_span(quantile['seconds'])}"


def _name(said: Mapping[str, Any]) -> str:
    return said["size"] or "not known"


def _width(sizes: list[Mapping[str, Any]]) -> int:
    return max(len("Size"), *(len(_name(each)) for each in sizes))
