"""The pages and redirects of a login."""
