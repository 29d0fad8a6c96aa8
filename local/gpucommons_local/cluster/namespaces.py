"""The namespaces of what is no session: of the hub's own objects, and of Dex's."""

NAMESPACE = "gpucommons"
"""Namespace of the hub's own objects; sessions live in those of their teams."""
DEX_NAMESPACE = "dex"
