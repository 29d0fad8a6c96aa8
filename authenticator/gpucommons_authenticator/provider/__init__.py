"""Dex: what it publishes, and what it answers to codes and refresh tokens."""
