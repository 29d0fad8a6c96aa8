"""Pages and API of budgets."""
