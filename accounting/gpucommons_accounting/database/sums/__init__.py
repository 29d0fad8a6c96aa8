"""What is summed up of sessions as they end, so that nobody has to read all of them."""
