"""What the hub's progress of a start says for programs, beside the words for people."""

WAITING = "waiting"
"""A key of an event: true while the start waits for its turn, such as in the queue for GPUs."""
