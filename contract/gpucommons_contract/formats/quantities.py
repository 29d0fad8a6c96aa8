"""Amounts as Kubernetes writes them: ``500m`` CPUs, ``8Gi`` of memory, ``2`` GPUs."""

import re
from decimal import Decimal

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]{1,3}|[numkKMGTPE]i?)?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_LOOSE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgtpe])i?b?(?:ytes?)?", re.IGNORECASE)
_FEW = 256
"""Up to this, a number without a unit is more likely meant in GiB than in MiB."""

LEAST_CPUS = Decimal("0.001")
"""Kubernetes counts CPUs in thousandths."""
LEAST_MEMORY = Decimal(2**20)
"""Bytes. With less, no program of ours and no volume would work: a unit is missing or wrong."""


def amount(quantity: str | float) -> Decimal:
    """Read a Kubernetes quantity: ``amount("500m")`` is 0.5, ``amount("1Ki")`` is 1024.

    Raises ValueError for anything else, negative amounts included.
    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    text = str(quantity).strip()
    found = _QUANTITY.fullmatch(text)
    if not found:
        raise ValueError(f"{quantity!r} is not an amount; write one such as 2, 500m, 8Gi or 1.5G")
    number, suffix = found.groups()
    if not suffix:
        return Decimal(number)
    if suffix in _BINARY:
        return Decimal(number) * Decimal(2 ** _BINARY[suffix])
    if suffix in _DECIMAL:
        return Decimal(number).scaleb(_DECIMAL[suffix])
    if suffix[0] in "eE":
        return Decimal(number + suffix)
    raise ValueError(f"{quantity!r} has an unknown unit {suffix!r}; write K, M, G, Ki, Mi or Gi")


def cpus_as_written(written: object, most: int) -> str:
    """Check what a person wrote for CPUs, and return it unchanged.

    most is how many there can be. Raises ValueError that says what to write.
    """
    text, found = _read(written, "2 or 500m")
    if found < LEAST_CPUS:
        raise ValueError(f"{text} is less than 1m, a thousandth of a CPU; write 2 or 500m")
    if found > most:
        raise ValueError(f"{text} is more CPUs than there can be, {most:,}; {_fewer(text, most)}")
    return text


def memory_as_written(written: object, most: str) -> str:
    """Check what a person wrote for memory or storage, and return it unchanged.

    most is how much there can be, such as ``128Ti``. Raises ValueError that says what to write.
    """
    if isinstance(written, str) and (meant := _meant(written.strip())):
        raise ValueError(f"{written!r} is not an amount; did you mean {meant}?")
    text, found = _read(written, "8Gi or 512Mi")
    if found < LEAST_MEMORY:
        what = "less than a byte" if found < 1 else f"{found.normalize():f} bytes"
        raise ValueError(f"{text} is {what}; {_more_memory(text, found)}")
    if found > amount(most):
        raise ValueError(f"{text} is more than there can be, {most}; write one such as 8Gi")
    return text


def _read(written: object, examples: str) -> tuple[str, Decimal]:
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        raise ValueError(f"must be an amount such as {examples}")  # noqa: TRY004 -- pydantic's
    text = str(written).strip()
    found = amount(text)
    if found <= 0:
        raise ValueError("must be more than 0")
    return text, found


def _fewer(text: str, most: int) -> str:
    """Guess what was meant by CPUs with a unit of memory, or thousandths without one."""
    number = text.rstrip("kKMGTPEi")
    meant = number if number != text else f"{text}m"
    if "e" not in text and LEAST_CPUS <= amount(meant) <= most:
        return f"did you mean {meant}?"
    return "write one such as 2 or 500m"


def _more_memory(text: str, found: Decimal) -> str:
    """Guess which unit somebody meant whose amount is too small."""
    match text[-1]:
        case "m":
            return f"did you mean {text[:-1]}Mi?"
        case "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" if "e" not in text.lower():
            return f"did you mean {text}{'Gi' if found <= _FEW else 'Mi'}?"
    return "write one such as 512Mi or 8Gi"


def _meant(text: str) -> str:
    """Guess what somebody meant who wrote ``8GB``, ``8 Gi`` or ``512mb``; empty if unclear."""
    found = None if _QUANTITY.fullmatch(text) else _LOOSE.fullmatch(text)
    return f"{found[1]}{found[2].upper()}i" if found else ""
