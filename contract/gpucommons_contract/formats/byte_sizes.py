"""Sizes of memory and files, as people read them."""

from gpucommons_contract.words import phrase

_UNITS = (("GiB", 2**30, 1), ("MiB", 2**20, 0), ("KiB", 2**10, 0), ("bytes", 1, 0))


def format_bytes(size: int) -> str:
    """Write bytes, such as ``2.0 GiB`` or ``64 MiB``."""
    unit, factor, decimals = _unit(size)
    return f"{size / factor:.{decimals}f} {unit}"


def format_part(part: int, whole: int) -> str:
    """Write bytes of how many, such as ``1.7 of 2.0 GiB``."""
    unit, factor, decimals = _unit(whole)
    return phrase(
        "%(part)s of %(whole)s",
        part=f"{part / factor:.{decimals}f}",
        whole=f"{whole / factor:.{decimals}f} {unit}",
    )


def _unit(size: int) -> tuple[str, int, int]:
    return next((each for each in _UNITS if size >= each[1]), _UNITS[-1])
