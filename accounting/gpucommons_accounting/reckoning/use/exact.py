"""Sums that are not rounded, of amounts as records have them. Pure."""

from contextlib import AbstractContextManager
from decimal import Context, localcontext

EXACT = Context(prec=64)
"""So many digits that no sum of GPU-microseconds is rounded, nor of their prices."""


def exactly() -> AbstractContextManager[Context]:
    """Let nothing be rounded within it."""
    return localcontext(EXACT)
