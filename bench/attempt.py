"""A peer that fails is a row that says so, and costs no figure of what was measured."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def attempt(measure: Callable[[], T]) -> tuple[T | None, str]:
    """Return what was measured of a peer and "", or None and why it failed."""
    try:
        return measure(), ""
    except Exception as error:
        return None, reason(error)


def reason(error: Exception) -> str:
    """Return a failure in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
