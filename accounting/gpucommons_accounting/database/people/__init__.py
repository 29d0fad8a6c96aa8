"""Who people are, who looked at them, and what is left of those who went."""
