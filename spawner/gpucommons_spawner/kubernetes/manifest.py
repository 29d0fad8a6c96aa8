"""Objects of Kubernetes as the API server sends them."""

from typing import Any

Manifest = dict[str, Any]
"""One object."""


def key_of(manifest: Manifest) -> str:
    """Name an object in the cluster: ``namespace/name``."""
    metadata = manifest["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}"


def version_of(manifest: Manifest | None) -> tuple[str, str] | None:
    """Name one state of an object, by ``uid`` and ``resourceVersion``; None of no object."""
    if manifest is None:
        return None
    metadata = manifest["metadata"]
    return metadata["uid"], metadata["resourceVersion"]
