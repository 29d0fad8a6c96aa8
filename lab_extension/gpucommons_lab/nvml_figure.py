"""One figure of NVML, and what its errors speak of: the figure, or the device."""

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
"""Errors that speak of the device or the driver; any other only of one figure."""


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


def error_code(error: Exception) -> int:
    """Answer NVML's number of an error."""
    return int(getattr(error, "value", pynvml.NVML_ERROR_UNKNOWN))
