"""What the hub serves: pages and endpoints."""
