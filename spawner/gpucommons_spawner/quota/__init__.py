"""Who holds what, and who may hold how much."""
