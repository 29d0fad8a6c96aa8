"""What the hub does while its database is slow or away."""
