"""The idle culler: gives idle GPUs back to the pool, and says why."""
