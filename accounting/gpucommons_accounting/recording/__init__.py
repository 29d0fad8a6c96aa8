"""Learns what happens to sessions and nodes from the API server."""
