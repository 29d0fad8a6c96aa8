"""What the records say of a pilot's questions, and what people answered. Pure."""
