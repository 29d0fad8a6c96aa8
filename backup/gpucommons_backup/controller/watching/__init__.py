"""What there is in the cluster, as the watches found it, and what is due."""
