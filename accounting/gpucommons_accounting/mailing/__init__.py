"""Mail about budgets."""
