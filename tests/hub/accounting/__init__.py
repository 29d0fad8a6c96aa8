"""Accounting as a service of a real hub."""
