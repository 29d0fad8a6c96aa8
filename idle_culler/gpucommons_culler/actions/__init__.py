"""What happens to sessions, and how people are notified of it."""
