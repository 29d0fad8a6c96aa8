"""What browsers get of all pages: name, colour, languages, and what they may load."""
