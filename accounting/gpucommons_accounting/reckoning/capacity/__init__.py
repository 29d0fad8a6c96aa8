"""GPUs that there were, what was asked of them, and what more would change. Pure."""
