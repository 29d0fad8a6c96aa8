"""Whose the processes on a GPU are."""
