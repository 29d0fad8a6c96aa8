"""Checks of accounting: whether it is reached, what it records, and what that costs."""
