"""What the hub does when one of its own credentials is replaced."""
