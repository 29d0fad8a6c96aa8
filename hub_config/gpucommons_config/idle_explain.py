"""What the idle culler answers about one session, in lines for an administrator."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from gpucommons_culler.words import span


def session_path(session: str) -> str:
    """Return where the culler's API explains a session, ``NAME`` or ``NAME/SERVER``."""
    return "sessions/" + "/".join(quote(part, safe="@~") for part in session.split("/", 1))


def explained(said: dict[str, Any]) -> Iterator[str]:
    """Write decision and reason, what would change it, the rule, and every signal."""
    name = f"{said['user']}/{said['server']}" if said["server"] else said["user"]
    yield f"{name}: {said['state']}. {said['reason']}"
    yield said["change"]
    if said["ends_at"]:
        yield f"It is warned, and ends at {_moment(said['ends_at'])}."
    elif said["next_at"]:
        yield f"The next step is at {_moment(said['next_at'])}, if nothing changes."
    yield ""
    yield f"Size {said['size']}, team {said['team']}, {said['gpus']} GPUs"
    yield f"Rule: {said['rule']['name']}"
    for key, value in said["rule"].items():
        if key.endswith("_minutes") and value is not None:
            yield f"  {key.removesuffix('_minutes')}: {span(timedelta(minutes=value))}"
        elif key != "name" and value is not None:
            yield f"  {key}: {value}"
    yield "Signals:"
    needed = set(said["required"])
    for signal in said["signals"]:
        needed.discard(signal["name"])
        counts = "counts fully" if signal["trusted"] else "counts up to a bound"
        active = _moment(signal["active_at"]) if signal["active_at"] else "not seen"
        yield f"  {signal['name']}: {signal['value']} ({signal['source']}, {counts})"
        yield (
            f"    measured {_moment(signal['measured_at'])}, "
            f"watched since {_moment(signal['watched_since'])}, last active {active}"
        )
    for missing in sorted(needed):
        yield f"  {missing}: not measured, and needed"
    if said["silence"]:
        yield f"It was asked, and did not say: {said['silence']}"


def _moment(text: str) -> str:
    when = datetime.fromisoformat(text).astimezone(UTC)
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"
