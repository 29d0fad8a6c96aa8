"""Moments as parts write them for one another: ISO 8601, with a time zone."""

from datetime import UTC, datetime


def read_moment(text: str) -> datetime:
    """Read a moment, in UTC. Raises ValueError on one that has no time zone, or is none."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found.astimezone(UTC)
