"""Accounting beside the hub: its service and the commands that ask it."""
