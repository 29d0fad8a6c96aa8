"""Thousands of sessions."""
