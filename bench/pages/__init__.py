"""The hub's pages under load."""
