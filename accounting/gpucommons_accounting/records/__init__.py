"""What happened to each session and node, and the session that follows from it. Pure."""
