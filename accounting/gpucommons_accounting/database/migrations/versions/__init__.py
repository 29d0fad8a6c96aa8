"""The versions, one after the other."""
