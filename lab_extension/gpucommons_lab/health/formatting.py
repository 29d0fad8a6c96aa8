"""Sizes of memory and files, as people read them."""

_UNITS = (("GiB", 2**30, 1), ("MiB", 2**20, 0), ("KiB", 2**10, 0))


def format_bytes(size: int) -> str:
    """Write bytes, such as ``2.0 GiB`` or ``64 MiB``."""
    for unit, factor, decimals in _UNITS:
        if size >= factor:
            return f"{size / factor:.{decimals}f} {unit}"
    return f"{size} bytes"
