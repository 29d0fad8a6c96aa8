"""Budgets, what counts towards them, and what is left. Pure."""
