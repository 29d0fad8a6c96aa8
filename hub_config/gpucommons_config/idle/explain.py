"""What the idle culler reports about one session, in lines for an administrator."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from gpucommons_contract.formats.wording import moment, span

_IS_WARNED_NEXT = ("active", "unknown")


def session_path(session: str) -> str:
    """Return where the culler's API explains a session, ``NAME`` or ``NAME/SERVER``."""
    return "sessions/" + "/".join(quote(part, safe="@~") for part in session.split("/", 1))


def explained(said: dict[str, Any]) -> Iterator[str]:
    """Write decision and reason, what would change it, the rule, and every signal."""
    name = f"{said['user']}/{said['server']}" if said["server"] else said["user"]
    yield f"{name}: {said['verdict']}. {said['reason']}"
    yield said["change"]
    if said["ends_at"]:
        yield f"It was warned and ends at {_moment(said['ends_at'])}."
    elif said["next_at"] and said["verdict"] in _IS_WARNED_NEXT:
        yield f"The earliest time of a warning is {_moment(said['next_at'])}."
    yield ""
    yield f"Size {said['size']}, team {said['team']}, {said['gpus']} GPUs"
    yield f"Rule: {said['rule']['name']}"
    for key, value in said["rule"].items():
        if key.endswith("_minutes") and value is not None:
            yield f"  {key.removesuffix('_minutes')}: {span(value * 60)}"
        elif key != "name" and value is not None:
            yield f"  {key}: {value}"
    yield "Signals:"
    needed = set(said["required"])
    for signal in said["signals"]:
        needed.discard(signal["name"])
        counts = "counts fully" if signal["trusted"] else "counts for a limited time"
        active = _moment(signal["active_at"]) if signal["active_at"] else "not seen"
        yield f"  {signal['name']}: {signal['value']} ({signal['source']}, {counts})"
        yield (
            f"    measured {_moment(signal['measured_at'])}, "
            f"watched since {_moment(signal['watched_since'])}, last active {active}"
        )
    for missing in sorted(needed):
        yield f"  {missing}: required, but not measured"
    if said["silence"]:
        yield f"It was asked for its activity and did not report it: {said['silence']}"
    for trouble in said.get("troubles", ()):
        yield f"Something is not measured: {trouble}."


def _moment(text: str) -> str:
    return moment(datetime.fromisoformat(text))
