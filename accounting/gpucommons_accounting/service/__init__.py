"""The program: it records, and serves pages and an API."""
