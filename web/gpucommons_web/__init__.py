"""What the pages and APIs of our services have in common."""
