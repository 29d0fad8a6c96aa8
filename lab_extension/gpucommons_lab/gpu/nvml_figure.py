"""One figure of NVML, and what its errors are about: the figure, or the device."""

from collections.abc import Callable
from typing import TypeVar

import pynvml

T = TypeVar("T")

LOST = frozenset(
    {
        pynvml.NVML_ERROR_UNINITIALIZED,
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
        pynvml.NVML_ERROR_GPU_IS_LOST,
        pynvml.NVML_ERROR_RESET_REQUIRED,
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH,
    }
)
"""Errors about the device or the driver; any other is about one figure."""


def figure(read: Callable[[], T], lost: frozenset[int] = LOST) -> T | None:
    """Read one figure: None where this driver, device or permission does not give it.

    Raises NVMLError for the errors in ``lost``.
    """
    try:
        return read()
    except pynvml.NVMLError as error:
        if error_code(error) in lost:
            raise
        return None


def number(read: Callable[[], int], largest: int, smallest: int = 0) -> int | None:
    """Read a figure that is a number: also None where it cannot be right.

    Some drivers return "success" with 0xFFFFFFFF for what they do not know. Raises NVMLError as
    `figure` does.
    """
    value = figure(lambda: int(read()))
    return value if value is not None and smallest <= value <= largest else None


def error_code(error: Exception) -> int:
    """Return NVML's number of an error."""
    return int(getattr(error, "value", pynvml.NVML_ERROR_UNKNOWN))
