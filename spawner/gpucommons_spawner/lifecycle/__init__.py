"""What becomes of a session's pod, from the queue to its end."""
