"""What administrators see of all sessions and nodes, and do with them."""
