"""Starts snapshots of workspaces in the cluster, and keeps what came of them on the claims.

Unlike the rest of this package, it needs more than Python's standard library.
"""
