"""Messages to people and administrators outside of a session: mail and chat."""
