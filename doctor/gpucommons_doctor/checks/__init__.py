"""The checks, a module each: what is read, and the pure function that judges it."""
