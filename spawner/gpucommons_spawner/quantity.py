"""Amounts as Kubernetes writes them: ``500m`` CPUs, ``8Gi`` of memory, ``2`` GPUs."""

import re
from decimal import Decimal

_QUANTITY = re.compile(r"^(\d+(?:\.\d+)?|\.\d+)([eE][+-]?\d+|[numkKMGTPE]i?)?$")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def amount(quantity: str | float) -> Decimal:
    """Read a Kubernetes quantity: ``amount("500m")`` is 0.5, ``amount("1Ki")`` is 1024.

    Raises ValueError for anything else, negative amounts included.
    Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    found = _QUANTITY.match(str(quantity).strip())
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


def plainly(number: Decimal) -> str:
    """Write a decimal without exponent and trailing zeros: 1, 0.25, 10."""
    return f"{number.normalize():f}"
