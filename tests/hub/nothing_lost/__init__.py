"""What a session keeps when its page or its server goes away: real servers, a real browser."""
