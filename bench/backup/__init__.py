"""Snapshots and restores beside restic alone, and kills of what takes them."""
