"""Pages and API of one team, for those who lead it."""
