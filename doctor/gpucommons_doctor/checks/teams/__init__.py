"""The checks of what each team has: standards, queue, quota and limits."""
