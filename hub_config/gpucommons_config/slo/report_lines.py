"""What ``gpucommons slo report`` prints."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from gpucommons_contract.formats.wording import read_moment, rough_span

_VERDICTS = {
    "met": "met",
    "met-where-measured": "met where measured",
    "missed": "missed",
    "no-events": "nothing happened",
    "not-measured": "not measured",
}
_MOST_GAPS = 3


def report_lines(said: Mapping[str, Any]) -> Iterator[str]:
    """Write a table of the objectives, then their worst days, and what is not known."""
    zone = ZoneInfo(said["time_zone"])
    until = "" if said["over"] else f"; so far, until {_moment(said['end'], zone)}"
    yield f"{said['first_day']} to {said['last_day']}, in days of {zone}{until}"
    yield ""
    objectives = said["objectives"]
    width = max(len("Objective"), *(len(each["name"]) for each in objectives))
    yield (
        f"{'Objective':{width}}    Target   Measured        Good       Total  Unit   "
        "  Budget used  Covered  Result"
    )
    yield from (_row(each, width) for each in objectives)
    yield from _section("Worst days", (_worst(each) for each in objectives if each["bad"]))
    yield from _section("Not known", _not_known(said, zone))
    left_out = (f"{each['name']}: {each['about']}: {each['why']}" for each in said["not_measured"])
    yield from _section("Not measured", left_out)


def no_data(said: Mapping[str, Any], url: str) -> str:
    """Say of a report that has nothing why that is so, and what to do."""
    what = f"Prometheus at {url} has nothing of {said['first_day']} to {said['last_day']}: "
    if all(each["rules_loaded"] is False for each in said["objectives"]):
        return what + (
            "the rules of these objectives are not loaded. Load what `gpucommons slo rules` "
            "prints of each part: they record from then on."
        )
    if said["retention_too_short"]:
        return what + f"it keeps samples for {said['retention']}, which is too short for that."
    return what + "the rules recorded nothing then. Were they loaded already, and did it run?"


def _row(said: Mapping[str, Any], width: int) -> str:
    measured = budget = good = total = unit = ""
    if said["measured_percent"] is not None:
        measured = _percent(said["measured_percent"], 2, ROUND_FLOOR)
        budget = _percent(100 * said["budget_used"], 1, ROUND_CEILING)
    if said["verdict"] != "not-measured":
        good, total, unit = f"{said['good']:,}", f"{said['total']:,}", said["unit"]
    covered = _percent(100 * said["covered"], 1, ROUND_FLOOR)
    return (
        f"{said['name']:{width}}  {said['target_percent']:>6g} %  {measured:>9}  {good:>10}"
        f"  {total:>10}  {unit:7}  {budget:>11}  {covered:>7}  {_VERDICTS[said['verdict']]}"
    )


def _percent(value: float, places: int, rounding: str) -> str:
    """Write it so that it looks no better than it is."""
    exact = Decimal(str(round(value, 6)))
    return f"{exact.quantize(Decimal(1).scaleb(-places), rounding)} %"


def _worst(said: Mapping[str, Any]) -> str:
    days = {each["day"]: each for each in said["days"]}
    worst = (
        f"{day} ({days[day]['bad']:,} of {days[day]['total']:,})" for day in said["worst_days"]
    )
    in_gaps = " in gaps" if not said["worst_days"] else ""
    return f"{said['name']}: bad {said['unit']}{in_gaps} {', '.join(worst)}".rstrip()


def _not_known(said: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    if said["retention_too_short"]:
        yield f"Prometheus keeps samples for {said['retention']}: what is older is gone, or goes."
    for each in said["objectives"]:
        if each["rules_loaded"] is False:
            yield f"{each['name']}: its rules are not loaded: what `gpucommons slo rules` prints"
        if each["gaps"] and each["verdict"] != "not-measured":
            yield f"{each['name']}: {_gaps(each['gaps'], zone)}"


def _gaps(gaps: Iterable[Mapping[str, str]], zone: ZoneInfo) -> str:
    """Name the longest gaps, in their order."""
    longest = sorted(gaps, key=_length, reverse=True)
    shown = sorted(longest[:_MOST_GAPS], key=lambda gap: gap["begin"])
    parts = [
        f"{_moment(gap['begin'], zone)} to {_moment(gap['end'], zone)}"
        + (f" ({gap['bad']} of {gap['total']} were bad at least)" if gap["total"] else "")
        for gap in shown
    ]
    if more := longest[_MOST_GAPS:]:
        together = rough_span(sum(map(_length, more)))
        parts.append(f"and {len(more)} more, {together} together")
    return ", ".join(parts)


def _length(gap: Mapping[str, str]) -> float:
    return (read_moment(gap["end"]) - read_moment(gap["begin"])).total_seconds()


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Write a heading and what is below it; nothing where nothing is."""
    found = list(lines)
    if found:
        yield ""
        yield title
        yield from (f"  {line}" for line in found)


def _moment(text: str, zone: ZoneInfo) -> str:
    moment: datetime = read_moment(text).astimezone(zone)
    return f"{moment:%Y-%m-%d %H:%M}"
