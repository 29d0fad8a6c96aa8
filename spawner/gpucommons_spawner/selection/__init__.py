"""From what somebody asks for to what the catalogue allows."""
