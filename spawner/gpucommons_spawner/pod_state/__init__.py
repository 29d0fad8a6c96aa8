"""What a pod says of itself, and what the hub says of it to people."""
