"""What the nodes have free, for each size and person."""
