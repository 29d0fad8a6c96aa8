"""What administrators look after sessions and nodes with: pages, and endpoints for programs."""
