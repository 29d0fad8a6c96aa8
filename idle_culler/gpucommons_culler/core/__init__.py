"""What a session is, what is known about it, and what follows: data and pure functions."""
