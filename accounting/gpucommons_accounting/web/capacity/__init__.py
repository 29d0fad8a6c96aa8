"""Pages and API of how full and how busy GPUs were, and what was asked for."""
