"""How the Kubernetes programs are called, and how they are asked whether they serve."""

from collections.abc import Mapping
from pathlib import Path


def flags(values: Mapping[str, str | Path]) -> list[str]:
    """Write values as ``--name=value``."""
    return [f"--{name}={value}" for name, value in values.items()]


def http_probe(port: int, path: str, host: str = "127.0.0.1") -> tuple[str, ...]:
    """Return a command that ends with 0 if an HTTP endpoint inside the node is well."""
    return ("curl", "-fsS", "-m", "5", "-o", "/dev/null", f"http://{host}:{port}{path}")


def https_probe(port: int, path: str) -> tuple[str, ...]:
    """Return the same for HTTPS. Only whether it serves: the ports are the node's own loopback."""
    return ("curl", "-fsSk", "-m", "5", "-o", "/dev/null", f"https://127.0.0.1:{port}{path}")
