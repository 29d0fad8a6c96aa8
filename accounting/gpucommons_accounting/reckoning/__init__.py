"""Hours, totals and costs, reckoned from records. Pure."""
