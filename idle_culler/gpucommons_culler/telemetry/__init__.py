"""What sessions do: measured from outside, and as they report it."""
