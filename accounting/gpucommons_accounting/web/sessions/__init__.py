"""Lists of sessions on pages, and their refunds."""
