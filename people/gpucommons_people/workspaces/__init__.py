"""Workspaces and their snapshots: looked at, verified, put back, kept, let grow, erased."""
