"""Workspaces: their sizes, their snapshots, and what is asked of these."""
