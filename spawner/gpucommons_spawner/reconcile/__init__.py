"""Session pods without a server, and what is done about them."""
