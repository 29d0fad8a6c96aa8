"""Teams: their namespaces and what is in them."""
