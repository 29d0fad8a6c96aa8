"""Days of sessions, made up, on which rules about idle sessions are tried beside one another."""
