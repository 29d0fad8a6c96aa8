"""The day by which versions retire."""

from datetime import UTC, date, datetime


def today() -> date:
    """Answer today in UTC: the same for everybody, wherever hub and people are."""
    return datetime.now(UTC).date()
