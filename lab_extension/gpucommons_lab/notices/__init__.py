"""What the session has to say to the person in it."""
