"""Addresses of the session's server, and what its endpoints have in common."""
