"""Questions about a million sessions, asked of accounting and of its peers."""
