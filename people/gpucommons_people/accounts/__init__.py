"""People: accounts added, imported, moved, removed, looked at."""
