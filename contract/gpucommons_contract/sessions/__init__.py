"""What a session is, does and shows, as its server tells the other parts."""
