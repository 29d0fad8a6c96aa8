"""How the session is used, for whoever decides whether it is idle."""
